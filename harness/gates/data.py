"""Gates over the data files: each file is sound, and no two splits share what they must not."""

from __future__ import annotations

from collections.abc import Iterator

from harness.gates.gate import Gate
from harness.spec import Spec, Task

FILE_CHECKS = ("parse", "fields", "template", "counts")
"""Checks of one file, in the order in which they make sense."""

SPLIT_CHECKS = ("topics_apart", "text_apart")
"""Checks between the splits of one task."""


def expected(spec: Spec) -> Iterator[Gate]:
    blocking = spec.blocking("data")
    for task in spec.tasks.values():
        for split in task.files:
            for check in file_checks(task, split):
                subject = f"{split}-{task.name}"
                yield Gate(
                    f"data.{subject}.{check}", check, subject, blocking, metric=check, task=task.name, split=split
                )
    for task in spec.tasks.values():
        for check in SPLIT_CHECKS:
            yield Gate(f"data.{task.name}.{check}", check, task.name, blocking, metric=check, task=task.name)


def file_checks(task: Task, split: str) -> Iterator[str]:
    for check in FILE_CHECKS:
        if check == "fields" and task.schema is None:
            continue
        if check == "counts" and split not in task.counts:
            continue
        yield check
