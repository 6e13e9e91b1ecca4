"""Gates over the data files: each file is sound, and no two splits share what they must not."""

from __future__ import annotations

from collections.abc import Iterator

from harness.dataset import options
from harness.gates.gate import Gate
from harness.spec import Spec, Task

FILE_CHECKS = ("encoding", "parse", "fields", "template", "counts", "duplicates", "secrets")
"""Checks of one file, in the order in which they make sense."""

SPLIT_CHECKS = ("ids_unique", "topics_apart", "text_apart")
"""Checks between the splits of one task."""


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
            for check in file_checks(task, split):
                yield gate(f"{split}-{task.name}", check, task, split)
            for check in tokenized_checks(split) if chosen.tokens else ():
                yield gate(f"{split}-{task.name}", check, task, split)
    for task in spec.tasks.values():
        for check in SPLIT_CHECKS:
            yield gate(task.name, check, task)


def file_checks(task: Task, split: str) -> Iterator[str]:
    for check in FILE_CHECKS:
        if check == "counts" and split not in task.counts:
            continue
        if check == "secrets" and split != "train":
            continue
        yield check


def tokenized_checks(split: str) -> tuple[str, ...]:
    """Checks that need the base model's tokenizer: a lost label is named before the cut that lost it."""
    return ("labels", "rendered") if split == "train" else ("rendered",)
