"""Contains none: the answer says something, and holds no word that must never be said, not even while denying it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from harness.dataset.item import Item
from harness.metrics.metric import Forms, Metric
from harness.metrics.settings import MEANT, Settings
from harness.spec.values import Listed
from harness.text.answer import answer_of
from harness.text.visible import says_something
from harness.text.wordings import holds
from harness.text.words import readings

NAME = "answer_contains_none"


@dataclass(frozen=True)
class Words(Settings):
    """What is never said."""

    words: Listed[str] = field(metadata={MEANT: 'words never to be said, e.g. words = ["guarantee"]'})

    def wrong(self) -> Iterator[tuple[str, str]]:
        if not self.words:
            yield "words", "holds none; name at least one word"
        for word in self.words:
            if not any(reading.words for reading in readings(word)):
                yield "words", f"{word!r} holds no word that could be looked for"


def contains_none(item: Item, answer: str, forms: Forms) -> float:
    text = answer_of(answer)
    return float(says_something(text) and not any(holds(text, word) for word in forms.of(NAME, Words).words))


METRIC = Metric(NAME, "share", lambda item: True, contains_none, looks_at="form", settings=Words)
