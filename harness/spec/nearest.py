"""The mend for an unknown name: the nearest known name, or all of them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

CLOSE = 0.4
"""Least similarity of a name that may be meant (`difflib` ratio): two letters of five may be wrong."""


def closest(name: str, known: Iterable[str]) -> str | None:
    """The known name that may be meant; None where none is like it."""
    near = difflib.get_close_matches(name, sorted(known), 1, cutoff=CLOSE)
    return near[0] if near else None


def mend(name: str, known: Iterable[str]) -> str:
    listed = sorted(known)
    near = closest(name, listed)
    return f"did you mean {near!r}?" if near else f"known: {', '.join(listed)}"
