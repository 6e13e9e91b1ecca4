"""chrF: F-score of the character n-grams that answer and reference share, by `sacrebleu`.

Popović, 2015, "chrF: character n-gram F-score for automatic MT evaluation"; its defaults, six characters and recall
twice as weighty as precision, over 100.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from harness.dataset.item import Item
from harness.metrics.metric import Forms, Metric
from harness.metrics.references import References, best, has_one
from harness.text.answer import answer_of
from harness.text.visible import visible

NAME = "chrf"


@cache
def _scorer() -> Any:
    from sacrebleu.metrics.chrf import CHRF

    return CHRF()


def likeness(reference: str, answer: str) -> float:
    wanted, given = visible(answer_of(reference)), visible(answer_of(answer))
    if wanted == given:
        return 1.0
    return min(1.0, max(0.0, float(_scorer().sentence_score(given, [wanted]).score) / 100.0))


def chrf(item: Item, answer: str, forms: Forms) -> float:
    return best(item, answer, forms.of(NAME, References).also, likeness)


METRIC = Metric(NAME, "mean", has_one, chrf, settings=References)
