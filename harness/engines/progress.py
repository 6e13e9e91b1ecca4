"""The callback that long work tells its progress by."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[int, int], None]
"""Called with (done, in all)."""


def silent(done: int, total: int) -> None:
    """Tell nobody."""
