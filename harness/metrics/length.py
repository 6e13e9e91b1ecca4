"""Length: the answer has no fewer and no more words than declared, a character of Chinese for a word."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from harness.dataset.item import Item
from harness.metrics.metric import Forms, Metric
from harness.metrics.settings import MEANT, Settings
from harness.spec.values import Count
from harness.text.normal import all_units
from harness.text.visible import says_something

NAME = "length"


@dataclass(frozen=True, kw_only=True)
class Limits(Settings):
    """Words of an answer."""

    least: Count = 1
    """Words of the shortest answer."""
    most: Count = field(metadata={MEANT: "words of the longest answer, e.g. most = 120"})

    def wrong(self) -> Iterator[tuple[str, str]]:
        if self.least > self.most:
            yield "least", f"{self.least} lies above most = {self.most}: no answer has that length"


def length(item: Item, answer: str, forms: Forms) -> float:
    limits = forms.of(NAME, Limits)
    return float(says_something(answer) and limits.least <= len(all_units(answer)) <= limits.most)


METRIC = Metric(NAME, "share", lambda item: not item.must_refuse, length, looks_at="form", settings=Limits)
