"""What a metric is: a pure function of one item and one answer, over the items that it concerns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from harness.dataset.item import Item


@dataclass(frozen=True, slots=True)
class Forms:
    """The declared shapes of a task's answers: regular expressions that a whole answer matches."""

    answer: str
    refusal: str


@dataclass(frozen=True, slots=True)
class Metric:
    """A number between 0 and 1 per item; higher is better."""

    name: str
    kind: Literal["share", "mean"]
    """``share``: each item is right or wrong. ``mean``: each item is a fraction."""
    concerns: Callable[[Item], bool]
    """The items that it is taken over."""
    score: Callable[[Item, str, Forms], float]
    """(item, answer text, the task's forms) -> 0.0 to 1.0."""
