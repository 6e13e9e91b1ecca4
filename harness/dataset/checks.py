"""The data checks by name, each a function of the files that it concerns: tests and the training guard share them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from harness.dataset import composition, leakage, schema, template
from harness.dataset.findings import Finding
from harness.dataset.records import Item, parse_lines, read_items
from harness.spec import Spec, Task


def items_of(task: Task, split: str) -> tuple[Item, ...]:
    """The items of one data file.

    Raises:
        DataError: a record cannot be used.
    """
    return read_items(task.files[split], task.name, task.template.read_text(encoding="utf-8"), task.system)


def file_findings(check: str, task: Task, split: str) -> tuple[tuple[Finding, ...], int]:
    """Findings of one check over one file, and how many records it looked at.

    Raises:
        DataError: the file cannot be parsed at all.
    """
    path = task.files[split]
    if check == "parse":
        return (), len(parse_lines(path))
    if check == "fields":
        assert task.schema is not None, "the gate is expected only where the task has a schema"
        return schema.field_findings(path, task.schema), len(parse_lines(path))
    items = items_of(task, split)
    if check == "template":
        return template.template_findings(path, items, task.answer_form, task.refusal_form), len(items)
    if check == "counts":
        return composition.count_findings(path, items, task.counts[split]), len(items)
    raise ValueError(f"unknown data check {check!r}")


def split_findings(check: str, task: Task) -> tuple[tuple[Finding, ...], int]:
    """Findings of one check between the splits of a task, and how many records it compared."""
    named: Mapping[str, tuple[Path, tuple[Item, ...]]] = {
        split: (path, items_of(task, split)) for split, path in task.files.items()
    }
    count = sum(len(items) for _, items in named.values())
    if check == "topics_apart":
        return leakage.topic_findings(named), count
    if check == "text_apart":
        return leakage.text_findings(named), count
    raise ValueError(f"unknown data check {check!r}")


def blocking_findings(spec: Spec, tasks: Iterable[str]) -> list[Finding]:
    """Everything that forbids training on these tasks: the checks of their train files and between their splits."""
    from harness.gates.data import SPLIT_CHECKS, file_checks

    found: list[Finding] = []
    for task in (spec.tasks[name] for name in tasks):
        for check in file_checks(task, "train"):
            found += file_findings(check, task, "train")[0]
        for check in SPLIT_CHECKS:
            found += split_findings(check, task)[0]
    return found
