"""SHA-256 of files, remembered in this process until something says that a file may have changed.

A run loads the same artifacts hundreds of times. Size, inode, modification time and change time stand for the bytes
only within the process that has hashed them: a user can set a modification time, but not a change time.
"""

from __future__ import annotations

import time
from pathlib import Path

from harness.store import digests

SETTLED = 2.0
"""Seconds since the last change from which a file's times are trusted. Clocks have ticks, and a second write within the
tick of the first leaves no other trace (git calls such a file racily clean)."""

_Stamp = tuple[int, int, int, int, int]
_KNOWN: dict[tuple[int, int], tuple[_Stamp, str]] = {}
"""By device and inode: a hard link (`harness.engines.rounded`) is hashed with the file that it is one of."""


def of_file(path: Path) -> str:
    """SHA-256 (hex) of a file's bytes, remembered while its stamp stays the same."""
    stamp = _stamp(path)
    known = _KNOWN.get(stamp[:2])
    if known is not None and known[0] == stamp:
        return known[1]
    digest = digests.of_file(path)
    if _stamp(path) == stamp and time.time_ns() - max(stamp[3:]) > SETTLED * 1e9:
        _KNOWN[stamp[:2]] = (stamp, digest)
    return digest


def _stamp(path: Path) -> _Stamp:
    found = path.stat()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
