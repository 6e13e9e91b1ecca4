"""Exact match: the answer is the reference, as SQuAD compares them."""

from __future__ import annotations

from harness.dataset.item import Item
from harness.metrics.metric import Forms, Metric
from harness.metrics.references import References, best, has_one
from harness.text.normal import tokens
from harness.text.visible import visible

NAME = "exact-match"


def same(reference: str, answer: str) -> float:
    """1.0 where both have the same tokens, or, where neither has any, the same characters."""
    wanted = tokens(reference)
    return float(tokens(answer) == wanted if wanted else visible(answer) == visible(reference))


def exact_match(item: Item, answer: str, forms: Forms) -> float:
    return best(item, answer, forms.of(NAME, References).also, same)


METRIC = Metric(NAME, "share", has_one, exact_match, settings=References)
