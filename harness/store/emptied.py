"""An artifact of which the manifest alone is left, since its bytes were a step on the way to others.

Its digest stays known, so whatever was made of it is found, and nothing is built again. Where something new is made of
it, the store builds its bytes again first (`harness.store.store.Store`), and holds them against the manifest.
"""

from __future__ import annotations

import shutil
from pathlib import Path

MARK = "emptied"
"""A file of this name beside an artifact's manifest says that its content was removed on purpose."""
_GOING = "going"
"""Name of the content while it is removed."""


def is_so(folder: Path) -> bool:
    """Whether there is nothing to verify. A mark beside files excuses none of them."""
    return (folder / MARK).is_file() and not (folder / "content").exists()


def empty(folder: Path) -> int:
    """Remove an artifact's content, or what a kill left of it; returns the bytes that came free.

    The content goes in one step, and the mark is there before: whoever is killed here leaves the whole artifact or an
    emptied one.
    """
    content, going = folder / "content", folder / _GOING
    (folder / MARK).touch()
    if content.is_dir():
        content.rename(going)
    size = sum(path.stat().st_size for path in going.rglob("*") if path.is_file())
    shutil.rmtree(going, ignore_errors=True)
    return size
