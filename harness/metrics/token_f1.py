"""Token F1: the harmonic mean of precision and recall over the words that answer and reference share, as in SQuAD."""

from __future__ import annotations

from collections import Counter

from harness.dataset.item import Item
from harness.metrics.exact_match import same
from harness.metrics.metric import Forms, Metric
from harness.metrics.references import References, best, has_one
from harness.text.normal import tokens

NAME = "token-f1"


def f1(reference: str, answer: str) -> float:
    """F1 of the tokens, 0.0 to 1.0; where either text has no token, 1.0 for equal texts and 0.0 for others."""
    wanted, given = tokens(reference), tokens(answer)
    if not wanted or not given:
        return same(reference, answer)
    shared = (Counter(wanted) & Counter(given)).total()
    return 2 * shared / (len(wanted) + len(given))


def token_f1(item: Item, answer: str, forms: Forms) -> float:
    return best(item, answer, forms.of(NAME, References).also, f1)


METRIC = Metric(NAME, "mean", has_one, token_f1, settings=References)
