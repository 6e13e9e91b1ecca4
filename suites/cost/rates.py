"""How fast a device does what a release asks for, each rate with where it comes from."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import Enum


class Kind(Enum):
    """How a rate is known."""

    MEASURED = "measured"
    ESTIMATE = "estimate"
    NOT_MEASURED = "not measured"


@dataclass(frozen=True, slots=True)
class Rate:
    value: float | None
    """In the unit of its field of `Rates`; None where nothing is known of it."""
    kind: Kind
    source: str
    """What was measured, where and when; or what it is estimated from, and with what that was assumed."""

    def __post_init__(self) -> None:
        if (self.value is None) != (self.kind is Kind.NOT_MEASURED):
            raise ValueError(f"a rate of {self.value} cannot be {self.kind.value}")


UNKNOWN = Rate(None, Kind.NOT_MEASURED, "")


@dataclass(frozen=True, slots=True)
class Rates:
    """Of one base on one device."""

    train: Rate
    """Tokens of samples a second that training goes over."""
    read: Rate
    """Tokens of prompts a second that answering reads."""
    answer: Rate
    """Tokens a second that a full batch of answers grows by."""
    alone: Rate
    """The same of one answer by itself."""
    load: Rate
    """Seconds until the base is in memory."""
    start: Rate
    """Seconds until a job's process has imported what it needs."""

    def named(self) -> dict[str, Rate]:
        return {one.name: getattr(self, one.name) for one in fields(self)}


UNITS = {
    "train": "tokens/s",
    "read": "tokens/s",
    "answer": "tokens/s",
    "alone": "tokens/s",
    "load": "s",
    "start": "s",
}
SAID = {
    "train": "training",
    "read": "reading prompts",
    "answer": "answering, a full batch",
    "alone": "answering, one by one",
    "load": "loading the base in NF4",
    "start": "starting a job's process",
}
