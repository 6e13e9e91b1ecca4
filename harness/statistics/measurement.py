"""One measured number, and what a reader needs in order to doubt it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Measurement:
    """One number, and what a reader needs in order to doubt it."""

    value: float
    """Unrounded; rounding belongs to whoever prints it."""
    n: int
    """Independent things behind `value`."""
    lower_bound: float | None = None
    upper_bound: float | None = None
    message: str = ""
    sources: Mapping[str, str] = field(kw_only=True)
    """Artifact or file -> digest of the bytes that it was measured on; empty only where there was nothing to measure,
    and then no gate passes."""
    confidence: float | None = None
    """Of each bound, where it is not the spec's own."""
    anytime: bool = False
    """Whether the bounds hold however often they are looked at while items are added."""
    wrong: tuple[str, ...] = ()
    """What failed, worst first, one text each."""


WORST = 3
"""Wrong answers that a failure message shows."""
