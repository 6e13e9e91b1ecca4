"""The outcome of one step: whether it was measured, its figures, and why not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from harness.errors import GreenrunError

MEASURED: Literal["measured"] = "measured"

Status = Literal["measured", "skipped", "failed", "timed out"]


class NoDeviceError(GreenrunError):
    """Raised by a step when the device that was asked for is not there: the step is skipped."""


@dataclass(frozen=True, slots=True)
class Outcome:
    name: str
    status: Status
    seconds: float = 0.0
    """Seconds of the step's whole process, its imports included."""
    why: str = ""
    """Why the step was not measured, in one line; "" where it was."""
    tail: str = ""
    """The end of what a failed step printed."""
    figures: Mapping[str, Any] = field(default_factory=dict)
    """The figures of the step: bytes, seconds and counts, unrounded."""
