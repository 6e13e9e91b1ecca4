"""Gates over the data files: each file is sound, and no two splits share what they must not."""

from __future__ import annotations

from collections.abc import Iterator

from harness.dataset import checks, options
from harness.gates.gate import Gate
from harness.spec import Spec, Task


def expected(spec: Spec) -> Iterator[Gate]:
    chosen = options.from_table(spec.areas.get("data", {}))

    def gate(subject: str, check: str, task: Task, split: str = "") -> Gate:
        return Gate(
            f"data.{subject}.{check}",
            check,
            subject,
            spec.blocking("data") and check not in chosen.advisory,
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
