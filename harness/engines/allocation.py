"""Freed memory is kept for the next tensor of its size, in place of being given back to the system each time.

glibc gives every block above 32 MiB back when it is freed, and the next one is zeroed by the kernel page by page: a
quarter of the time that prompts of 64 rows take on a CPU. A process that is to answer has such blocks in every layer.
"""

from __future__ import annotations

import ctypes
import sys

_TRIM_THRESHOLD, _MMAP_MAX = -1, -4  # M_TRIM_THRESHOLD and M_MMAP_MAX of malloc.h
_NEVER = 2**31 - 1


def keep_freed() -> None:
    """Have this process keep its heap at its largest; where the C library is not glibc, nothing changes."""
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_MMAP_MAX, 0)
        mallopt(_TRIM_THRESHOLD, _NEVER)
