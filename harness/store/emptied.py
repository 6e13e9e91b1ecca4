"""An artifact of which the manifest alone is left, since its bytes were a step on the way to others.

Its digest stays known, so whatever was made of it is found, and nothing is built again. Where something new is made of
it, the store builds its bytes again first (`harness.store.store.Store`), and holds them against the manifest.
"""

from __future__ import annotations

import shutil
from pathlib import Path

MARK = "emptied"
"""A file of this name beside an artifact's manifest says that its content was removed on purpose."""


def is_so(folder: Path) -> bool:
    return (folder / MARK).is_file()


def empty(folder: Path) -> int:
    """Remove an artifact's content; returns the bytes that came free. The mark is set first, so that one who is killed
    here leaves no damaged artifact."""
    content = folder / "content"
    size = sum(path.stat().st_size for path in content.rglob("*") if path.is_file())
    (folder / MARK).touch()
    shutil.rmtree(content)
    return size
