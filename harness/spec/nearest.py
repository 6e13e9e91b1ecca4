"""What to say of a name that nothing declares: the nearest that something does, or all of them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

CLOSE = 0.4
"""Similarity from which a name may be meant, as `difflib` counts it: two letters of five may be wrong."""


def mend(name: str, known: Iterable[str]) -> str:
    listed = sorted(known)
    near = difflib.get_close_matches(name, listed, 1, cutoff=CLOSE)
    return f"did you mean {near[0]!r}?" if near else f"known: {', '.join(listed)}"
