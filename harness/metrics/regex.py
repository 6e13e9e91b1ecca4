"""Regex: the answer holds what a declared regular expression describes; anchors make it the whole answer."""

from __future__ import annotations

import regex as engine
from pydantic import Field, field_validator

from harness.dataset.item import Item
from harness.metrics.metric import Forms, Metric
from harness.metrics.settings import Settings
from harness.text import shape
from harness.text.answer import answer_of
from harness.text.visible import says_something, visible

NAME = "regex"


class Pattern(Settings):
    """What an answer holds."""

    pattern: str = Field(description=r"what an answer holds, e.g. pattern = '\AINC-\d{6}\Z'", min_length=1)

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, pattern: str) -> str:
        try:
            compiled = engine.compile(pattern)
        except engine.error as error:
            raise ValueError(f"not a regular expression: {error}") from error
        if compiled.search("") is not None:
            raise ValueError("it matches an empty answer, and so every answer; describe what an answer must hold")
        return pattern


def matches(item: Item, answer: str, forms: Forms) -> float:
    text = visible(answer_of(answer))
    return float(says_something(text) and shape.holds(forms.of(NAME, Pattern).pattern, text))


METRIC = Metric(NAME, "share", lambda item: not item.must_refuse, matches, looks_at="form", settings=Pattern)
