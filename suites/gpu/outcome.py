"""The outcome of one step: whether it was measured, its figures, and why not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from harness.errors import GreenrunError

MEASURED: Literal["measured"] = "measured"
TIMED_OUT: Literal["timed out"] = "timed out"

Status = Literal["measured", "skipped", "failed", "timed out"]


class NotHereError(GreenrunError):
    """Raised by a step when this machine cannot take it: the step is skipped."""


class NoDeviceError(NotHereError):
    """Raised when the device that was asked for is not there."""


class NoRoomError(NotHereError):
    """Raised when the disk has no room for what a step writes."""


class UnfinishedError(GreenrunError):
    """Raised by a step that came to its time limit with something to tell: the step has timed out."""

    def __init__(self, why: str, figures: Mapping[str, Any]) -> None:
        super().__init__(why)
        self.figures = figures


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
    """The figures of the step: bytes, seconds and counts, unrounded. Of a step that did not come to its end those that
    it had taken by then."""
    used_before: int | None = None
    """Bytes of the card in use when the step's process began, whoever uses them, by the driver; None without a card."""
    used_after: int | None = None
    """The same when it had ended."""
