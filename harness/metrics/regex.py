"""Regex: the answer holds what a declared regular expression describes; anchors make it the whole answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import regex as engine

from harness.dataset.item import Item
from harness.metrics.metric import Forms, Metric
from harness.metrics.settings import MEANT, Settings
from harness.text import shape
from harness.text.answer import answer_of
from harness.text.visible import says_something, visible

NAME = "regex"


@dataclass(frozen=True)
class Pattern(Settings):
    """What an answer holds."""

    pattern: str = field(metadata={MEANT: r"what an answer holds, e.g. pattern = '\AINC-\d{6}\Z'"})

    def wrong(self) -> Iterator[tuple[str, str]]:
        try:
            empty = engine.compile(self.pattern).search("")
        except engine.error as error:
            yield "pattern", f"not a regular expression: {error}"
            return
        if empty is not None:
            yield "pattern", "it matches an empty answer, and so every answer; describe what an answer must hold"


def matches(item: Item, answer: str, forms: Forms) -> float:
    text = visible(answer_of(answer))
    return float(says_something(text) and shape.holds(forms.of(NAME, Pattern).pattern, text))


METRIC = Metric(NAME, "share", lambda item: not item.must_refuse, matches, looks_at="form", settings=Pattern)
