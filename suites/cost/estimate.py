"""How long a plan takes on a base and a card: between two assumptions, with what was measured in place of either."""

from __future__ import annotations

from dataclasses import dataclass

from suites.cost import measured, roofline, seconds, tokens, work
from suites.cost.measured import Figures
from suites.cost.plan import Plan
from suites.cost.rates import Kind, Rates
from suites.cost.roofline import LIKELY, LOW, Assumed, Card
from suites.cost.seconds import Stage
from suites.cost.shapes import BASES


@dataclass(frozen=True, slots=True)
class Estimate:
    """The same stages twice."""

    likely: tuple[Stage, ...]
    low: tuple[Stage, ...]

    @property
    def whole(self) -> tuple[Stage, Stage]:
        return seconds.total(list(self.likely)), seconds.total(list(self.low))


def of(asked: Plan, base: str, card: Card, result: Figures | None) -> Estimate:
    """Every stage of a plan.

    Args:
        base: name of one of `suites.cost.shapes.BASES`.
        result: of ``python -m suites.gpu``; None where no card was measured.
    """
    done = work.of(asked, tokens.QWEN3)
    likely, low = (tuple(seconds.stages(done, rates(base, card, one, asked.batch, result))) for one in (LIKELY, LOW))
    return Estimate(likely, low)


def rates(base: str, card: Card, assumed: Assumed, batch: int, result: Figures | None) -> Rates:
    """Rates of a base on a card: estimates, and what was measured of them where `result` is of that card."""
    length = tokens.QWEN3.prompt + tokens.QWEN3.longest / 2
    found = roofline.rates(BASES[base], card, assumed, batch, length)
    if result is None or not measured.is_of(result, card):
        return found
    return measured.put_in(found, result, BASES["8B"], BASES[base], batch, length)


def span(likely: Stage, low: Stage) -> str:
    """``9 to 21 min, estimate``: the time with either assumption, and how it is known."""
    if likely.seconds is None or low.seconds is None:
        return Kind.NOT_MEASURED.value
    if likely.kind is Kind.MEASURED:
        return f"{time(likely.seconds)}, from measured rates"
    return f"{' to '.join(dict.fromkeys((time(likely.seconds), time(low.seconds))))}, estimate"


def time(number: float) -> str:
    """Seconds in words: ``80 s``, ``9 min``, ``2.5 h``."""
    if number < 90:
        return f"{number:.0f} s"
    return f"{number / 60:.0f} min" if number < 5400 else f"{number / 3600:.1f} h"
