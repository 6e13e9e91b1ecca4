"""What a metric is: a pure function of an item, an answer and the task's declarations, for the items that it
concerns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeVar

from harness import out_of_memory
from harness.dataset.item import Item
from harness.errors import GreenrunError
from harness.metrics.settings import Settings

Declared = TypeVar("Declared", bound=Settings)


class MetricError(GreenrunError):
    """Raised when a metric of an installed package cannot be used, or gave no score."""


@dataclass(frozen=True, slots=True)
class Forms:
    """What a task declares about its answers: regular expressions of whole answers and refusals, and settings of
    metrics."""

    answer: str | None
    """Regular expression of an answer; None where the task declares none."""
    refusal: str | None
    """Regular expression of a refusal; None where the task declares none."""
    settings: Mapping[str, Settings] = field(default_factory=dict)
    """Metric -> its settings, for each metric with settings that the task declares by a table or by a gate."""

    def of(self, metric: str, kind: type[Declared]) -> Declared:
        """The settings that the task declares for a metric; the default ones where it declares none.

        Raises:
                TypeError: none are declared, and the metric has no defaults, or they are of another kind.
        """
        found = self.settings.get(metric)
        if found is None:
            return kind()
        if not isinstance(found, kind):
            raise TypeError(f"the settings of {metric} are {type(found).__name__}, not {kind.__name__}")
        return found


@dataclass(frozen=True, slots=True)
class Metric:
    """A number between 0 and 1 per item; higher is better."""

    name: str
    kind: Literal["share", "mean"]
    """``share``: each item is right or wrong. ``mean``: each item is a fraction."""
    concerns: Callable[[Item], bool]
    """Whether the metric is taken over an item."""
    score: Callable[[Item, str, Forms], float]
    """(item, answer text, what the task declares) -> 0.0 to 1.0."""
    looks_at: Literal["content", "form"] = "content"
    """``content``: an answer in the right form with wrong words scores low. ``form``: it may score high, so a release
    that is gated on such metrics only has not been asked whether its answers are right."""
    needs_ending: bool = False
    """Whether it asks how an answer ended. Earlier releases did not keep that, so it is not compared with them."""
    settings: type[Settings] | None = None
    """Class of the settings under ``[tasks.NAME.metrics.METRIC]``. A metric with settings is taken over the tasks that
    declare it, by that table or by a gate. None: it has no settings and is taken over every task."""
    needs: tuple[str, ...] = ()
    """Keys of ``[tasks.NAME]`` without which it concerns no item of the task."""


def concerns(metric: Metric, item: Item, forms: Forms) -> bool:
    """Whether the metric is taken over an item of a task that declares `forms`."""
    return (metric.settings is None or metric.name in forms.settings) and metric.concerns(item)


def score_of(metric: Metric, item: Item, answer: str, forms: Forms) -> float:
    """The metric's score of one answer.

    Raises:
        MetricError: the metric failed, or gave something else than a number from 0 to 1.
    """
    try:
        value = metric.score(item, answer, forms)
    except Exception as error:  # a metric may come from elsewhere and raise anything
        out_of_memory.refuse(error, f"scoring {item.id} by {metric.name}")
        raise MetricError(f"{metric.name} failed on {item.id}: {type(error).__name__}: {error}") from error
    if not isinstance(value, (int, float)) or not 0.0 <= value <= 1.0:
        raise MetricError(f"{metric.name} gave {value!r} for {item.id}; a number from 0 to 1 is expected")
    return float(value)
