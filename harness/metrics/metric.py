"""What a metric is: a pure function of one item and one answer, over the items that it concerns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from harness.dataset.item import Item
from harness.errors import GreenrunError


class MetricError(GreenrunError):
    """Raised when a metric of an installed package cannot be used, or gave no score."""


@dataclass(frozen=True, slots=True)
class Forms:
    """The declared shapes of a task's answers: regular expressions that a whole answer matches; None is undeclared."""

    answer: str | None
    refusal: str | None


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
    needs: tuple[str, ...] = ()
    """Keys of ``[tasks.NAME]`` without which it concerns no item of that task."""
    over: str = ""
    """The items that it is taken over, in words, where the keys do not say it."""


def score_of(metric: Metric, item: Item, answer: str, forms: Forms) -> float:
    """The metric's score of one answer.

    Raises:
        MetricError: the metric failed, or gave something else than a number from 0 to 1.
    """
    try:
        value = metric.score(item, answer, forms)
    except Exception as error:  # a metric may come from elsewhere and raise anything
        raise MetricError(f"{metric.name} failed on {item.id}: {type(error).__name__}: {error}") from error
    if not isinstance(value, (int, float)) or not 0.0 <= value <= 1.0:
        raise MetricError(f"{metric.name} gave {value!r} for {item.id}; a number from 0 to 1 is expected")
    return float(value)
