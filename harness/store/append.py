"""Append one line to a file that others read and write at the same time: by a single write, synced to the disk."""

from __future__ import annotations

import os
from pathlib import Path


def append(path: Path, line: bytes) -> None:
    """Add a line, its newline included, to a file that exists; it is on the disk when this returns.

    Raises:
        OSError: it cannot be written, or only a part of it could.
    """
    handle = os.open(path, os.O_WRONLY | os.O_APPEND)
    try:
        if os.write(handle, line) != len(line):
            raise OSError(f"{path}: only part of a line was written; is the disk full?")
        os.fsync(handle)
    finally:
        os.close(handle)
