"""Contains none: the answer says something, and holds no word that must never be said, not even while denying it."""

from __future__ import annotations

from pydantic import Field, field_validator

from harness.dataset.item import Item
from harness.metrics.metric import Forms, Metric
from harness.metrics.settings import Settings
from harness.text.answer import answer_of
from harness.text.visible import says_something
from harness.text.wordings import holds
from harness.text.words import readings

NAME = "answer_contains_none"


class Words(Settings):
    """What is never said."""

    words: list[str] = Field(description='words never to be said, e.g. words = ["guarantee"]', min_length=1)

    @field_validator("words")
    @classmethod
    def _can_be_found(cls, words: list[str]) -> list[str]:
        for word in words:
            if not any(reading.words for reading in readings(word)):
                raise ValueError(f"{word!r} holds no word that could be looked for")
        return words


def contains_none(item: Item, answer: str, forms: Forms) -> float:
    text = answer_of(answer)
    return float(says_something(text) and not any(holds(text, word) for word in forms.of(NAME, Words).words))


METRIC = Metric(NAME, "share", lambda item: True, contains_none, looks_at="form", settings=Words)
