"""Citation: which of the cited notes are right, and which of the right notes are cited."""

from __future__ import annotations

import re

from harness.dataset.item import Item
from harness.metrics.score import Forms, Metric

_CITED = re.compile(r"\[(n\d+)\]")


def precision(item: Item, answer: str, forms: Forms) -> float:
    """Share of the cited ids that a right answer cites; 0.0 where nothing is cited."""
    cited, right = set(_CITED.findall(answer)), _right(item)
    return len(cited & right) / len(cited) if cited else 0.0


def recall(item: Item, answer: str, forms: Forms) -> float:
    """Share of the ids of a right answer that are cited."""
    right = _right(item)
    return len(set(_CITED.findall(answer)) & right) / len(right)


def _right(item: Item) -> set[str]:
    return {point.source for point in item.points if point.source}


def _cites(item: Item) -> bool:
    return not item.must_refuse and bool(_right(item))


PRECISION = Metric("citation-precision", "mean", _cites, precision)
RECALL = Metric("citation-recall", "mean", _cites, recall)
