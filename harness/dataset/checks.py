"""The data checks by name, each a function of the files that it concerns: tests, the training guard and scripts share
them.

From Python, the gates' findings are objects::

    from harness.spec import load
    from harness.dataset import checks

    loaded = load.load(Path("release.toml"))
    checked = checks.check_file("duplicates", loaded.tasks["style"], "train", checks.options_of(loaded))
    for finding in checked.tally.kept: ...

A file without a spec is judged by `harness.dataset.scan.scan_file(Plan(path, schema))`.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

from harness.dataset import counts as composition
from harness.dataset import leakage, reading, seen, tables
from harness.dataset.duplicates import duplicate_findings
from harness.dataset.findings import Checked, Finding, tally
from harness.dataset.item import Item
from harness.dataset.labels import Labels, Lengths
from harness.dataset.records import read_items, stream_items
from harness.dataset.rendered import Render, Renderings
from harness.dataset.scan import Plan, RecordCheck, Scan, scan_file
from harness.dataset.secrets import SecretsCheck
from harness.dataset.template import TemplateCheck
from harness.spec.data import DEFAULT, Options
from harness.spec.objects import Spec, Task
from harness.spec.table import columns

FILE_CHECKS = ("encoding", "parse", "fields", "template", "counts", "duplicates", "secrets")
"""Checks of one file, in the order in which they make sense."""

SPLIT_CHECKS = ("ids_unique", "topics_apart", "text_apart")
"""Checks between the splits of one task."""

RECORD_CHECKS = ("encoding", "parse", "fields", "template", "secrets")
"""Checks of single records, all taken in one pass over the file."""


def file_checks(task: Task, split: str) -> Iterator[str]:
    """The checks that one file of a task is put to."""
    for check in FILE_CHECKS:
        if check == "counts" and split not in task.counts:
            continue
        if check == "secrets" and split != "train":
            continue
        yield check


def tokenized_checks(split: str) -> tuple[str, ...]:
    """Checks that need the base model's tokenizer: a lost label is named before the cut that lost it."""
    return ("labels", "rendered") if split == "train" else ("rendered",)


def options_of(spec: Spec) -> Options:
    """``[gates.data]``, with the digests of what the run opened with."""
    return Options(**columns(spec.gates.data), opened=tuple(sorted(spec.opened.items())))


def items_of(task: Task, split: str, chosen: Options = DEFAULT) -> tuple[Item, ...]:
    """The items of one data file.

    Raises:
        DataError: a record cannot be used, or the file is not the one that the run opened with.
    """
    return read_items(task.files[split], task.name, _template(task, chosen), task.system, chosen, reading.of_task(task))


def check_file(check: str, task: Task, split: str, chosen: Options) -> Checked:
    """One check over one file.

    Raises:
        DataError: the file cannot be opened or, where items are needed, a record cannot be used.
    """
    path = task.files[split]
    if check in RECORD_CHECKS:
        found = _scanned(_plan(task, split, chosen), _stamp(path))
        note = seen.note(found.seen) if check == "template" else ""
        return Checked(found.tallies[check], found.records, {path.name: found.digest}, note)
    counted = _Counted(_items(task, split, chosen))
    if check == "counts":
        result = tally(composition.count_findings(path, tuple(counted), task.counts[split]))
    elif check == "duplicates":
        result = tally(_wanted(duplicate_findings(path, counted, chosen), chosen))
    else:
        raise ValueError(f"unknown data check {check!r}")
    return Checked(result, counted.count, {path.name: _digest(path, chosen)})


def check_task(check: str, task: Task, chosen: Options, others: Iterable[Task] = ()) -> Checked:
    """One check over all files of a task; what `others` train on must not be known to it either.

    Raises:
        DataError: a record cannot be used.
    """
    counted = {split: _Counted(_items(task, split, chosen)) for split in task.files}
    named = {split: (task.files[split], items) for split, items in counted.items()}
    if check == "ids_unique":
        found = composition.id_findings(named.values())
    elif check == "topics_apart":
        found = leakage.topic_findings(named, chosen.topic)
    elif check == "text_apart":
        trained = [one for one in others if "train" in one.files and one != task]
        foreign = [(one.files["train"], _items(one, "train", chosen)) for one in trained]
        found = leakage.text_findings(named, chosen.overlap, foreign)
    else:
        raise ValueError(f"unknown data check {check!r}")
    accused: dict[Path, set[int]] = {}
    result = tally(_noted(_wanted(found, chosen), accused))
    sources = {split: _digest(path, chosen) for split, path in task.files.items()}
    if check == "ids_unique" or not accused:
        return Checked(result, sum(items.count for items in counted.values()), sources)
    # Known items are a share of what judges: a large training file must not make them few.
    hit = {split: len(accused.get(path, ())) for split, path in task.files.items() if counted[split].count}
    worst = max(hit, key=lambda split: hit[split] / counted[split].count)
    return Checked(result, counted[worst].count, sources, f"{hit[worst]} of {worst}'s own items", hit[worst])


def check_labels(task: Task, split: str, lengths: Lengths, max_length: int, chosen: Options) -> Checked:
    """Whether every item keeps its labels when it is cut to the longest sequence that is trained.

    Raises:
        DataError: a record cannot be used.
    """
    path = task.files[split]
    labels = Labels(lengths, max_length)
    result = tally(_wanted(labels.findings(path, _items(task, split, chosen)), chosen))
    return Checked(result, len(labels.totals), {path.name: _digest(path, chosen)}, labels.distribution())


def check_rendered(task: Task, split: str, render: Render, longest: float, chosen: Options) -> Checked:
    """Whether the base model's chat template shows the model what every item says, whole.

    Raises:
        DataError: a record cannot be used.
    """
    path = task.files[split]
    answer_room = 0 if split == "train" else task.max_new_tokens
    renderings = Renderings(render, longest, answer_room)
    counted = _Counted(_items(task, split, chosen))
    result = tally(_wanted(renderings.findings(path, counted), chosen))
    return Checked(result, counted.count, {path.name: _digest(path, chosen)}, renderings.distribution())


def blocking_findings(spec: Spec, tasks: Iterable[str]) -> list[Finding]:
    """Everything that forbids training on these tasks: the checks of their train files and between their splits."""
    chosen = options_of(spec)
    found: list[Finding] = []
    for task in (spec.tasks[name] for name in tasks):
        checked = {check: check_file(check, task, "train", chosen) for check in file_checks(task, "train")}
        checked |= {check: check_task(check, task, chosen, spec.tasks.values()) for check in SPLIT_CHECKS}
        for check, result in checked.items():
            if check not in chosen.advisory and result.share < chosen.threshold(check):
                found += result.tally.kept
    return found


def _noted(found: Iterable[Finding], accused: dict[Path, set[int]]) -> Iterator[Finding]:
    """Findings as they come, with the lines of each file that they stand in put down in `accused`."""
    for finding in found:
        accused.setdefault(finding.path, set()).add(finding.line)
        yield finding


class _Counted:
    """Items that are counted as they pass."""

    def __init__(self, items: Iterable[Item]) -> None:
        self._items, self.count = items, 0

    def __iter__(self) -> Iterator[Item]:
        for item in self._items:
            self.count += 1
            yield item


def _items(task: Task, split: str, chosen: Options) -> Iterator[Item]:
    return stream_items(
        task.files[split], task.name, _template(task, chosen), task.system, chosen, reading.of_task(task)
    )


def _digest(path: Path, chosen: Options) -> str:
    found = tables.digest_of(path)
    chosen.held(path, found)
    return found


def _template(task: Task, chosen: Options) -> str:
    data = task.template.read_bytes()
    chosen.held(task.template, hashlib.sha256(data).hexdigest())
    return data.decode("utf-8").replace("\r\n", "\n")


def _wanted(found: Iterable[Finding], chosen: Options) -> Iterator[Finding]:
    return (finding for finding in found if finding.kind not in chosen.allow)


def _plan(task: Task, split: str, chosen: Options) -> Plan:
    how = reading.of_task(task)
    form = TemplateCheck(task.name, _template(task, chosen), task.system, task.answer_form, task.refusal_form, how)
    checks: tuple[RecordCheck, ...] = (form, SecretsCheck()) if split == "train" else (form,)
    return Plan(task.files[split], task.schema, checks, chosen, how)


@lru_cache(maxsize=64)
def _scanned(plan: Plan, stamp: tuple[int, int]) -> Scan:
    """One pass for all gates of a file in this process; `stamp` is there to forget what has changed."""
    return scan_file(plan)


def _stamp(path: Path) -> tuple[int, int]:
    try:
        stat = os.stat(path)
    except OSError:
        return 0, 0
    return stat.st_size, stat.st_mtime_ns
