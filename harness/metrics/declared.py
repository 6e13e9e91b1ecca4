"""Check the metrics that a spec declares: their names, and their settings."""

from __future__ import annotations

from collections.abc import Iterator

from harness.metrics import settings
from harness.metrics.registry import METRICS
from harness.spec import nearest
from harness.spec.objects import Spec, Task


def wrong(spec: Spec) -> Iterator[tuple[str, str]]:
    """(key, mend) for each unknown metric and each setting that cannot be used."""
    for task in spec.tasks.values():
        for key, problem in _problems(task):
            yield f"tasks.{task.name}.metrics.{key}", problem


def _problems(task: Task) -> Iterator[tuple[str, str]]:
    for name, table in task.metrics.items():
        if name not in METRICS:
            if table:  # one that a gate alone names is refused with that gate
                yield name, f"unknown metric; {nearest.mend(name, METRICS)}"
            continue
        kind = METRICS[name].settings
        if kind is None:
            if table:
                yield f"{name}.{next(iter(table))}", "unknown key; the metric has no settings"
            continue
        for key, problem in settings.problems(kind, table):
            yield f"{name}.{key}".rstrip("."), problem
