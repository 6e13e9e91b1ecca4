"""What a data check reports: one finding per defect, placed so that an editor can jump to it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One defect of a data file."""

    path: Path
    line: int
    """1-based; 0 where the whole file is meant."""
    field: str
    """Name or path of the field, e.g. ``points[1].note``; "" where the whole line is meant."""
    problem: str
    """What was found, what was expected and, where it is known, the mend."""

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.field}: {self.problem}"
