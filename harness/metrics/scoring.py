"""Score the answers to items: every item that a metric concerns gets a number, or an error is raised."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from harness.dataset.item import Item
from harness.errors import EmptySetError
from harness.metrics.metric import Forms, Metric, concerns, score_of
from harness.metrics.registry import METRICS
from harness.metrics.settings import Settings, read
from harness.spec.objects import Task
from harness.statistics import bounds as statistics
from harness.statistics.measurement import WORST, Measurement
from harness.statistics.power import Kind


@dataclass(frozen=True, slots=True)
class Scored:
    """One item's score and the answer that earned it."""

    item: Item
    answer: str
    value: float


def forms_of(tasks: Mapping[str, Task]) -> dict[str, Forms]:
    """Task -> the forms and the settings of metrics that its spec declares."""
    return {name: Forms(task.answer_form, task.refusal_form, _settings(task)) for name, task in tasks.items()}


def _settings(task: Task) -> dict[str, Settings]:
    found = {}
    for name, table in task.metrics.items():
        kind = METRICS[name].settings if name in METRICS else None
        if kind is not None:
            found[name] = read(kind, table)
    return found


def concerned(metric: Metric, items: Iterable[Item], forms: Mapping[str, Forms]) -> list[Item]:
    """The items that `metric` is taken over.

    Args:
        forms: task -> what it declares.
    """
    return [item for item in items if concerns(metric, item, forms[item.task])]


def scores_of(item: Item, answer: str, forms: Forms) -> dict[str, float]:
    """Metric -> score of one answer, by every metric that concerns the item.

    Args:
        forms: what the item's task declares.

    Raises:
        MetricError: an installed metric failed, or gave no score.
    """
    return {
        name: score_of(metric, item, answer, forms) for name, metric in METRICS.items() if concerns(metric, item, forms)
    }


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
        MetricError: the metric failed, or gave no score.
    """
    chosen = concerned(metric, items, forms)
    if not chosen:
        raise EmptySetError(f"{metric.name} concerns none of the items: nothing was measured")
    return [
        Scored(item, answers[item.id], score_of(metric, item, answers[item.id], forms[item.task])) for item in chosen
    ]


def score_tasks(
    metric: Metric, sheets: Iterable[tuple[Iterable[Item], Mapping[str, str]]], forms: Mapping[str, Forms]
) -> list[Scored]:
    """Score the items of several tasks, each with the answers of its own sheet: ids are unique within a task alone.

    Args:
        sheets: a task's items, and its answers by item id.

    Raises:
        EmptySetError: the metric concerns no item of any task.
        KeyError, MetricError: as `score`.
    """
    found: list[Scored] = []
    for items, answers in sheets:
        if chosen := concerned(metric, items, forms):
            found += score(metric, chosen, answers, forms)
    if not found:
        raise EmptySetError(f"{metric.name} concerns none of the items: nothing was measured")
    return found


def measure(
    metric: Metric, scored: list[Scored], confidence: float, sources: Mapping[str, str], kind: Kind | None = None
) -> Measurement:
    """A metric's value over scored items, with the bounds of its kind, or of `kind`; items of one topic count once.

    Args:
        sources: what gave the answers -> digest.
    """
    values = statistics.cluster_means([(f"{entry.item.task}/{entry.item.topic}", entry.value) for entry in scored])
    bounds = statistics.bounds_of(kind or metric.kind, values, confidence)
    worst = sorted((entry for entry in scored if entry.value < 1.0), key=lambda entry: entry.value)
    return Measurement(
        value=sum(values) / len(values),
        n=len(values),
        lower_bound=bounds.lower,
        upper_bound=bounds.upper,
        sources=sources,
        confidence=confidence,
        anytime=statistics.by_betting(kind or metric.kind, values),
        wrong=tuple(f"{entry.item.id} ({entry.value:.2f}): {entry.answer[:300]!r}" for entry in worst[:WORST]),
    )
