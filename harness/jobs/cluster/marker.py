"""A file by which a node knows the run's store. It imports the standard library alone: it is sent to nodes whole."""

from __future__ import annotations

import errno
import os
import time
import uuid
from pathlib import Path

NAME = "marker"
LOST = (errno.ESTALE, errno.EIO, errno.ENOTCONN, errno.EHOSTDOWN, errno.ESHUTDOWN, errno.ENODEV, errno.ETIMEDOUT)
"""Error codes of a file system that is not there any more, although its folder may be."""


def leave(folder: Path) -> dict[str, str]:
    """Write a marker into a folder; what a node is told of it."""
    marker = {"path": str(folder / NAME), "text": uuid.uuid4().hex}
    with Path(marker["path"]).open("w", encoding="ascii") as stream:
        stream.write(marker["text"])
        stream.flush()
        os.fsync(stream.fileno())
    return marker


def missing(marker: dict[str, str], patience: float = 0.0) -> str:
    """Why this machine does not see the marker; "" where it does.

    Args:
        patience: seconds in which it may still appear: network file systems remember what a folder held.
    """
    until = time.monotonic() + patience
    while True:
        try:
            found = Path(marker["path"]).read_text(encoding="ascii", errors="replace")
        except OSError as error:
            cause = f"{marker['path']}: {error.strerror}"
        else:
            if found == marker["text"]:
                return ""
            cause = f"{marker['path']} is another run's"
        if time.monotonic() >= until:
            return cause
        time.sleep(0.5)
