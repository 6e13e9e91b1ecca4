"""ROUGE-L: F-measure of the longest common subsequence of words, by `rouge-score`; Chinese by characters.

Lin, 2004, "ROUGE: A Package for Automatic Evaluation of Summaries". Nothing is stemmed.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from harness.dataset.item import Item
from harness.metrics.metric import Forms, Metric
from harness.metrics.references import References, best, has_one
from harness.text.normal import all_units

NAME = "rouge-l"


class _Units:
    """The tokenizer for `rouge-score`, whose own knows only the letters a to z."""

    def tokenize(self, text: str) -> list[str]:
        return list(all_units(text))


@cache
def _scorer() -> Any:
    from rouge_score.rouge_scorer import RougeScorer  # a second to import, by way of nltk

    return RougeScorer(["rougeL"], tokenizer=_Units())


def likeness(reference: str, answer: str) -> float:
    return float(_scorer().score(reference, answer)["rougeL"].fmeasure)


def rouge_l(item: Item, answer: str, forms: Forms) -> float:
    return best(item, answer, forms.of(NAME, References).also, likeness)


METRIC = Metric(NAME, "mean", has_one, rouge_l, settings=References)
