"""The result of a measurement: one number, and what a reader needs in order to doubt it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Measurement:
    """One number, and what a reader needs in order to doubt it."""

    value: float
    """Unrounded; rounding belongs to whoever prints it."""
    n: int
    """Number of independent things behind `value`."""
    lower_bound: float | None = None
    upper_bound: float | None = None
    message: str = ""
    sources: Mapping[str, str] = field(kw_only=True)
    """Artifact or file -> digest of the bytes that it was measured on; empty only where there was nothing to measure,
    and then no gate passes."""
    confidence: float | None = None
    """Confidence of each bound, where it differs from the spec's."""
    anytime: bool = False
    """Whether the bounds hold at any number of looks while items are added."""
    wrong: tuple[str, ...] = ()
    """Failures, worst first, one text each."""


WORST = 3
"""Most wrong answers that a failure message shows."""
