"""How long a release takes: its work over a device's rates, stage by stage."""

from __future__ import annotations

from dataclasses import dataclass

from suites.cost.rates import Kind, Rate, Rates
from suites.cost.work import Work


@dataclass(frozen=True, slots=True)
class Stage:
    name: str
    seconds: float | None
    """None where a rate that it needs is not known."""
    kind: Kind
    """`Kind.MEASURED` only where every rate in it was."""


def stages(work: Work, rates: Rates) -> list[Stage]:
    return [
        Stage("training", *_over((work.trained, rates.train))),
        Stage("reading prompts", *_over((work.read, rates.read))),
        Stage("answering", *_over((work.answered, rates.answer), (work.alone, rates.alone))),
        Stage(f"starting {work.jobs} jobs, each with the base", *_each(work.jobs, rates.start, rates.load)),
    ]


def total(found: list[Stage]) -> Stage:
    """All stages one after another, on one device."""
    return Stage("in all", _sum([one.seconds for one in found]), _worst([one.kind for one in found]))


def _over(*amounts: tuple[float, Rate]) -> tuple[float | None, Kind]:
    seconds = [None if rate.value is None else amount / rate.value for amount, rate in amounts]
    return _sum(seconds), _worst([rate.kind for _, rate in amounts])


def _each(times: int, *rates: Rate) -> tuple[float | None, Kind]:
    return _sum([None if rate.value is None else times * rate.value for rate in rates]), _worst(
        [rate.kind for rate in rates]
    )


def _sum(seconds: list[float | None]) -> float | None:
    known = [one for one in seconds if one is not None]
    return sum(known) if len(known) == len(seconds) else None


def _worst(kinds: list[Kind]) -> Kind:
    """The least that all of them are."""
    order = (Kind.NOT_MEASURED, Kind.ESTIMATE, Kind.MEASURED)
    return min(kinds, key=order.index)
