"""Coverage: the fraction of an item's points that the answer says. A refused or empty answer says none."""

from __future__ import annotations

from harness.dataset.item import Item
from harness.metrics.metric import Forms, Metric
from harness.metrics.points import said
from harness.metrics.refusal import is_refusal


def coverage(item: Item, answer: str, forms: Forms) -> float:
    if is_refusal(item, answer, forms):
        return 0.0
    return sum(said(item, answer)) / len(item.points)


METRIC = Metric("coverage", "mean", lambda item: not item.must_refuse and bool(item.points), coverage)
