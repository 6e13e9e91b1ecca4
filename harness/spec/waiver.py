"""``[[waiver]]``: one blocking gate whose failure somebody answers for, until a date."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated

from harness.spec.table import Table
from harness.spec.values import Matching

_SAYS_SOMETHING = r"^(?=[\s\S]*\S)[\s\S]+$"
_DAY = r"^\d{4}-\d{2}-\d{2}(?!\n)$"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver(Table):
    gate: Annotated[str, Matching(_SAYS_SOMETHING)]
    """Id of the gate, which blocks and would refuse the release."""
    reason: Annotated[str, Matching(_SAYS_SOMETHING)]
    """Why it may ship all the same."""
    by: Annotated[str, Matching(_SAYS_SOMETHING)]
    """Who answers for it."""
    until: Annotated[str, Matching(_DAY)]
    """The last day on which it holds, in UTC: ``"2030-01-31"``."""


def day(text: str) -> date | None:
    """The day that a text of the form 2030-01-31 names; None for one that no calendar has."""
    try:
        return date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None


def problems(waivers: Sequence[Waiver]) -> Iterator[tuple[str, str]]:
    """(key, mend) for each waiver that cannot hold whatever the gates are."""
    gates = [one.gate for one in waivers]
    for number, one in enumerate(waivers):
        if day(one.until) is None:
            yield f"waiver.{number}.until", f"{one.until!r} is no day of the calendar; write year-month-day"
        if one.gate in gates[:number]:
            yield f"waiver.{number}.gate", f"{one.gate!r} is waived twice; keep the waiver that is meant"
