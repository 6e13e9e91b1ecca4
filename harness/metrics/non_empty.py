"""Non-empty: the answer says something, if only a word."""

from __future__ import annotations

from harness.dataset.item import Item
from harness.metrics.metric import Forms, Metric
from harness.text.answer import answer_of
from harness.text.visible import says_something


def non_empty(item: Item, answer: str, forms: Forms) -> float:
    return float(says_something(answer_of(answer)))


METRIC = Metric("non_empty", "share", lambda item: True, non_empty, looks_at="form")
