"""JSON parses: the whole answer is one JSON value, as a program reads it."""

from __future__ import annotations

from dataclasses import dataclass

from harness.dataset.item import Item
from harness.metrics.metric import Forms, Metric
from harness.metrics.settings import Settings
from harness.text.answer import answer_of
from harness.text.json_text import NOTHING, parsed, unfenced
from harness.text.visible import visible

NAME = "json-parses"


@dataclass(frozen=True, kw_only=True)
class Fence(Settings):
    """How the JSON may be wrapped."""

    fenced: bool = False
    """Whether one Markdown code fence around the JSON is taken off first."""


def value_of(answer: str, fenced: bool) -> object:
    """The JSON value that an answer is, or `NOTHING`."""
    text = visible(answer_of(answer))
    return parsed(unfenced(text) if fenced else text)


def parses(item: Item, answer: str, forms: Forms) -> float:
    return float(value_of(answer, forms.of(NAME, Fence).fenced) is not NOTHING)


METRIC = Metric(NAME, "share", lambda item: not item.must_refuse, parses, looks_at="form", settings=Fence)
