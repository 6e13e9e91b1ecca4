"""Number: the quantity that the answer gives equals the reference's, with its unit."""

from __future__ import annotations

from decimal import Decimal

from pydantic import Field

from harness.dataset.item import Item
from harness.metrics.metric import Forms, Metric
from harness.metrics.points import stated
from harness.metrics.references import has_one
from harness.metrics.settings import Settings
from harness.text.number import meant

NAME = "number"


class Tolerance(Settings):
    """How near is equal."""

    tolerance: float = Field(0.0, description="share of the reference by which an answer may differ", ge=0, lt=1)


def number(item: Item, answer: str, forms: Forms) -> float:
    tolerance = Decimal(str(forms.of(NAME, Tolerance).tolerance))
    wanted = meant(item.reference)
    return float(any(given.equals(one, tolerance) for given in meant(stated(item, answer)) for one in wanted))


METRIC = Metric(NAME, "share", has_one, number, settings=Tolerance)
