"""Convert values into plain JSON, which a journal can keep and an xdist worker can send."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from typing import Any

MAX_TEXT = 20_000
"""Most characters of one string in the journal: a gate that prints megabytes must not fill the disk."""


MAX_DEPTH = 50
"""Most levels of nesting in the journal: a list may hold itself."""


def plain(value: object, depth: int = 0) -> Any:
    """`value` with plain JSON types only. numpy scalars, tensors, paths and enums cannot be sent from an xdist worker
    to its controller, and pytest would then exit with 0 on a failed test."""
    if value is None or type(value) is bool:
        return value
    if depth > MAX_DEPTH:
        return "..."
    if isinstance(value, int):
        number = int(value)
        return number if number.bit_length() <= 64 else f"an integer of {number.bit_length()} bits"
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else repr(float(value))
    if isinstance(value, str):
        text = str.__str__(value).encode("utf-8", "backslashreplace").decode("utf-8")
        return text if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT]}... ({len(text)} characters in all)"
    if isinstance(value, os.PathLike):
        return plain(os.fspath(value), depth + 1)
    if isinstance(value, Mapping):
        return {plain(_shown(key)): plain(entry, depth + 1) for key, entry in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(entry, depth + 1) for entry in value]
    return plain(_unwrapped(value), depth + 1)


def _unwrapped(value: Any) -> object:
    """The Python number in a numpy scalar or a tensor of one element; for any other value, text that shows it."""
    if getattr(value, "ndim", None) == 0:
        try:
            inner = value.item()
        except Exception:  # a foreign object may raise anything, and what failed to convert is still worth showing
            return _shown(value)
        if type(inner) is not type(value):
            return inner
    return _shown(value)


def _shown(value: object) -> str:
    try:
        return value if isinstance(value, str) else str(value) if isinstance(value, (int, float)) else repr(value)
    except Exception:  # as above: __repr__ is the object's own code
        return f"<{type(value).__name__} that cannot be shown>"
