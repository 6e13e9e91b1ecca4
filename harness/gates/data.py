"""Gates over the data files: each file is sound, and no two splits share what they must not."""

from __future__ import annotations

from collections.abc import Iterator

from harness.dataset import checks
from harness.gates.gate import Gate
from harness.spec.objects import Spec, Task

LEAKAGE = ("topics_apart", "text_apart")
"""Checks whose all clear speaks of the training data that the spec names, and of no other."""


def strangers(spec: Spec, task: str) -> tuple[str, ...]:
    """Judged adapters of a task that were trained elsewhere, on data that nobody showed: of them leakage is unknown."""
    judged = {spec.candidate, *(row.adapter for row in spec.thresholds)}
    of_task = (one for one in spec.adapters.values() if one.name in judged and task in one.tasks)
    return tuple(one.name for one in of_task if one.path is not None)


def unknown_leakage(spec: Spec, adapter: str) -> bool:
    """Whether an adapter may have been trained on what judges it, and the spec does not let that question advise."""
    asked = spec.gates.data.blocking and not spec.gates.data.advisory.issuperset(LEAKAGE)
    return asked and any(adapter in strangers(spec, task) for task in spec.adapters[adapter].tasks)


def expected(spec: Spec) -> Iterator[Gate]:
    chosen = spec.gates.data

    def gate(subject: str, check: str, task: Task, split: str = "") -> Gate:
        return Gate(
            f"data.{subject}.{check}",
            check,
            subject,
            chosen.blocking and check not in chosen.advisory,
            metric=check,
            threshold=chosen.threshold(check),
            task=task.name,
            split=split,
        )

    for task in spec.tasks.values():
        for split in task.files:
            for check in checks.file_checks(task, split):
                yield gate(f"{split}-{task.name}", check, task, split)
            for check in checks.tokenized_checks(split) if chosen.tokens else ():
                yield gate(f"{split}-{task.name}", check, task, split)
    for task in spec.tasks.values():
        for check in checks.SPLIT_CHECKS:
            yield gate(task.name, check, task)
