"""Citation: which of the cited notes are right, and which of the right notes are cited.

A note is cited where its id stands as a word of its own, in whatever brackets, in a list of sources or in a sentence.
A range of ids cites each of them.
"""

from __future__ import annotations

import re
import unicodedata

from harness.dataset.item import Item
from harness.metrics.metric import Forms, Metric
from harness.text.answer import answer_of, standing
from harness.text.visible import visible

_ID = r"n(?<![a-z0-9]n)(\d{1,6})(?![a-z0-9])"
_RANGE = re.compile(
    rf"{_ID}[\])]*[ ]?(?:[-\u2010-\u2015~]+|\.\.+|to|through|\u81f3|\u5230)[ ]?[\[(]*n?(\d{{1,6}})(?![a-z0-9])"
)
_ONE = re.compile(_ID)
WIDEST = 100
"""Most notes of a range that each count as cited; of a wider range only the two ends count."""


def cited(answer: str) -> frozenset[str]:
    """Ids of the notes that the answer cites, such as ``n1``, whether they exist or not."""
    text = unicodedata.normalize("NFKC", visible(standing(answer_of(answer)))).casefold()
    numbers = {int(found[1]) for found in _ONE.finditer(text)}
    for found in _RANGE.finditer(text):
        low, high = sorted((int(found[1]), int(found[2])))
        numbers |= set(range(low, high + 1)) if high - low < WIDEST else {low, high}
    return frozenset(f"n{number}" for number in numbers)


def precision(item: Item, answer: str, forms: Forms) -> float:
    """Share of the cited ids that a right answer cites; 0.0 where nothing is cited."""
    found = cited(answer)
    return len(found & _right(item)) / len(found) if found else 0.0


def recall(item: Item, answer: str, forms: Forms) -> float:
    """Share of the ids of a right answer that are cited."""
    right = _right(item)
    return len(cited(answer) & right) / len(right)


def _right(item: Item) -> set[str]:
    return {point.source for point in item.points if point.source}


def _cites(item: Item) -> bool:
    return not item.must_refuse and bool(_right(item))


PRECISION = Metric("citation-precision", "mean", _cites, precision)
RECALL = Metric("citation-recall", "mean", _cites, recall)
