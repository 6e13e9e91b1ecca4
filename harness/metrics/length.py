"""Length: the answer has no fewer and no more words than declared, a character of Chinese for a word."""

from __future__ import annotations

from pydantic import Field, model_validator

from harness.dataset.item import Item
from harness.metrics.metric import Forms, Metric
from harness.metrics.settings import Settings
from harness.text.normal import all_units
from harness.text.visible import says_something

NAME = "length"


class Limits(Settings):
    """Words of an answer."""

    least: int = Field(1, description="words of the shortest answer", ge=1)
    most: int = Field(description="words of the longest answer, e.g. most = 120", ge=1)

    @model_validator(mode="after")
    def _in_order(self) -> Limits:
        if self.least > self.most:
            raise ValueError(f"least = {self.least} lies above most = {self.most}: no answer has that length")
        return self


def length(item: Item, answer: str, forms: Forms) -> float:
    limits = forms.of(NAME, Limits)
    return float(says_something(answer) and limits.least <= len(all_units(answer)) <= limits.most)


METRIC = Metric(NAME, "share", lambda item: not item.must_refuse, length, looks_at="form", settings=Limits)
