"""Metrics over answers: pure functions of (item, answer). A new one is a module and a line here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from harness.dataset.item import Item
from harness.errors import EmptySetError
from harness.metrics import citation, coverage, form, refusal
from harness.metrics.score import Forms, Metric
from harness.spec import Task

__all__ = ["METRICS", "Forms", "Metric", "Scored", "concerned", "forms_of", "score"]

METRICS: Mapping[str, Metric] = {
    metric.name: metric
    for metric in (
        coverage.METRIC,
        form.METRIC,
        refusal.REFUSED,
        refusal.ANSWERED,
        refusal.POOLED,
        citation.PRECISION,
        citation.RECALL,
    )
}


@dataclass(frozen=True, slots=True)
class Scored:
    """One item's score and the answer that earned it."""

    item: Item
    answer: str
    value: float


def forms_of(tasks: Mapping[str, Task]) -> dict[str, Forms]:
    """Task -> the forms that its spec declares."""
    return {name: Forms(task.answer_form, task.refusal_form) for name, task in tasks.items()}


def concerned(metric: Metric, items: Iterable[Item]) -> list[Item]:
    """The items that `metric` is taken over."""
    return [item for item in items if metric.concerns(item)]


def score(
    metric: Metric, items: Iterable[Item], answers: Mapping[str, str], forms: Mapping[str, Forms]
) -> list[Scored]:
    """Score every item that the metric concerns.

    Args:
        answers: item id -> answer text; an item without an answer is an error, never a zero.
        forms: task -> its declared forms.

    Raises:
        EmptySetError: the metric concerns none of the items.
        KeyError: an item has no answer.
    """
    chosen = concerned(metric, items)
    if not chosen:
        raise EmptySetError(f"{metric.name} concerns none of the items: nothing was measured")
    return [Scored(item, answers[item.id], metric.score(item, answers[item.id], forms[item.task])) for item in chosen]
