"""The tie between a process and its parent: a killed run leaves nothing behind that computes."""

from __future__ import annotations

import ctypes
import signal

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_PRCTL = getattr(ctypes.CDLL(None), "prctl", None)
"""The C library's prctl, looked up before any fork; None on systems other than Linux, where nothing is tied."""


def die_with_parent() -> None:
    """Have the kernel kill this process when its parent ends.

    It may run between fork and exec (``preexec_fn``): it imports and allocates nothing.
    """
    if _PRCTL is not None:
        _PRCTL(_PR_SET_PDEATHSIG, signal.SIGKILL)
