"""Metrics over answers: pure functions of (item, answer).

A new one is a module and a line in `OWN`, or an entry point of an installed package (`harness.metrics.installed`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from harness.dataset.item import Item
from harness.errors import EmptySetError
from harness.metrics import citation, coverage, form, non_empty, refusal
from harness.metrics.installed import Found, Installed, find
from harness.metrics.score import Forms, Metric, MetricError, score_of
from harness.spec import Task

__all__ = [
    "METRICS",
    "OWN",
    "Forms",
    "Installed",
    "Metric",
    "MetricError",
    "Scored",
    "concerned",
    "forms_of",
    "installed",
    "refuse_faults",
    "score",
    "score_of",
    "score_tasks",
]

OWN: Mapping[str, Metric] = {
    metric.name: metric
    for metric in (
        coverage.METRIC,
        form.METRIC,
        refusal.REFUSED,
        refusal.ANSWERED,
        refusal.POOLED,
        citation.PRECISION,
        citation.RECALL,
        non_empty.METRIC,
    )
}
"""The metrics that greenrun brings."""


@cache
def _found() -> Found:
    return find(OWN)


def installed() -> Mapping[str, Installed]:
    """Name -> metric of an installed package, with where it came from."""
    return _found().installed


def refuse_faults() -> None:
    """Refuse to judge with an installed metric that cannot be used.

    Raises:
        MetricError: names every such metric, its package and the mend.
    """
    if _found().faults:
        raise MetricError("\n".join(_found().faults))


class _Metrics(Mapping[str, Metric]):
    """Packages are looked for when a name is first asked for, and not while one of them imports this module."""

    def __getitem__(self, name: str) -> Metric:
        return OWN[name] if name in OWN else installed()[name].metric

    def __iter__(self) -> Iterator[str]:
        yield from OWN
        yield from installed()

    def __len__(self) -> int:
        return len(OWN) + len(installed())


METRICS: Mapping[str, Metric] = _Metrics()
"""Name -> metric: greenrun's own, then those of installed packages."""


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
        MetricError: the metric failed, or gave no score.
    """
    chosen = concerned(metric, items)
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
        if chosen := concerned(metric, items):
            found += score(metric, chosen, answers, forms)
    if not found:
        raise EmptySetError(f"{metric.name} concerns none of the items: nothing was measured")
    return found
