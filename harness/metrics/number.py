"""Number: the quantity that the answer gives equals the reference's, with its unit."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated

from annotated_types import Ge, Lt

from harness.dataset.item import Item
from harness.metrics.metric import Forms, Metric
from harness.metrics.points import stated
from harness.metrics.references import has_one
from harness.metrics.settings import Settings
from harness.text.number import meant

NAME = "number"


@dataclass(frozen=True)
class Tolerance(Settings):
    """How near is equal."""

    tolerance: Annotated[float, Ge(0), Lt(1)] = 0.0
    """Share of the reference by which an answer may differ."""


def number(item: Item, answer: str, forms: Forms) -> float:
    tolerance = Decimal(str(forms.of(NAME, Tolerance).tolerance))
    wanted = meant(item.reference)
    return float(any(given.equals(one, tolerance) for given in meant(stated(item, answer)) for one in wanted))


METRIC = Metric(NAME, "share", has_one, number, settings=Tolerance)
