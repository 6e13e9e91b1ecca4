"""Run the data checks: the gates' tests, the guard before training and scripts call these functions.

From Python, the gates' findings are objects::

    from harness.spec import load
    from harness.dataset import checks

    loaded = load.load(Path("release.toml"))
    checked = checks.check_file("duplicates", loaded.tasks["style"], "train", checks.options_of(loaded))
    for finding in checked.tally.kept: ...

A file without a spec is judged by `harness.dataset.scan.scan_file(Plan(path, schema))`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import takewhile
from pathlib import Path

from harness.dataset import files, reading, registry
from harness.dataset.check import ItemsCheck, NamedFile, RecordsCheck, SplitsCheck
from harness.dataset.files import Counted, items_of, options_of
from harness.dataset.findings import Checked, Finding, declared, tally, told_by
from harness.dataset.scan import Plan, Scan, scan_file
from harness.spec.data import Options
from harness.spec.objects import Spec, Task

__all__ = ["blocking_findings", "check_file", "check_task", "file_checks", "items_of", "options_of"]


def file_checks(task: Task, split: str) -> Iterator[RecordsCheck | ItemsCheck]:
    """The checks that one file of a task is put to, but for those that need a tokenizer."""
    for check in registry.CHECKS:
        if isinstance(check, (RecordsCheck, ItemsCheck)) and check.concerns(task, split):
            yield check


def check_file(name: str, task: Task, split: str, chosen: Options) -> Checked:
    """One check over one file.

    Raises:
        DataError: the file cannot be opened or, where items are needed, a record cannot be used.
        UndeclaredError: the check found what it does not say that it can find.
    """
    path, check = task.files[split], registry.BY_NAME.get(name)
    if isinstance(check, RecordsCheck):
        found = _scanned(_plan(task, split, chosen), _stamp(path))
        declared(check.name, check.kinds, found.tallies[name].counts)
        told = check.tells(found.seen) if check.tells is not None else ""
        note = "\n".join(filter(None, (told, found.note(name), check.note)))
        return Checked(found.tallies[name], found.records - found.unread[name], {path.name: found.digest}, note)
    if not isinstance(check, ItemsCheck):
        raise ValueError(f"unknown data check of one file {name!r}")
    counted = Counted(task, split, chosen)
    result = tally(told_by(name, check.kinds, check.findings(task, split, counted, chosen), chosen.allow))
    return Checked(result, counted.count, {path.name: files.digest_of(path, chosen)}, counted.note())


def check_task(name: str, task: Task, chosen: Options, others: Iterable[Task] = ()) -> Checked:
    """One check over all files of a task; for a check of leakage, also against the files that `others` train on.

    Raises:
        DataError: a record cannot be used.
        UndeclaredError: as `check_file`.
    """
    check = registry.BY_NAME.get(name)
    if not isinstance(check, SplitsCheck):
        raise ValueError(f"unknown data check between splits {name!r}")
    counted = {split: Counted(task, split, chosen) for split in task.files}
    named = {split: (task.files[split], items) for split, items in counted.items()}
    trained = [one for one in others if "train" in one.files and one != task]
    foreign = [(one.files["train"], files.stream(one, "train", chosen)) for one in trained]
    accused: dict[Path, set[int]] = {}
    held_out = _held_out_elsewhere(task, chosen, others)
    found = told_by(name, check.kinds, check.findings(named, foreign, held_out, chosen), chosen.allow)
    result = tally(_noted(found, accused))
    sources = {split: files.digest_of(path, chosen) for split, path in task.files.items()}
    notes = [items.note() for items in counted.values()]
    if not all(items.count for items in counted.values()):
        return Checked(result, 0, sources, "\n".join(filter(None, notes)))  # nothing is known of a split without items
    if not (check.leakage and accused):
        records = sum(items.count for items in counted.values())
        return Checked(result, records, sources, "\n".join(filter(None, notes)))
    hit = {split: len(accused.get(path, ())) for split, path in task.files.items()}
    worst = max(hit, key=lambda split: hit[split] / counted[split].count)
    note = "\n".join(filter(None, (f"{hit[worst]} of {worst}'s own items", *notes)))
    return Checked(result, counted[worst].count, sources, note, hit[worst])


def _held_out_elsewhere(task: Task, chosen: Options, others: Iterable[Task]) -> list[Mapping[str, NamedFile]]:
    """The held-out splits of each task before this one."""
    before = takewhile(lambda one: one != task, others)
    return [
        {split: (path, files.stream(one, split, chosen)) for split, path in one.files.items() if split != "train"}
        for one in before
    ]


def blocking_findings(spec: Spec, tasks: Iterable[str]) -> list[Finding]:
    """Everything that forbids training on these tasks: the checks of their train files and between their splits."""
    chosen = options_of(spec)
    found: list[Finding] = []
    for task in (spec.tasks[name] for name in tasks):
        checked = {check.name: check_file(check.name, task, "train", chosen) for check in file_checks(task, "train")}
        for check in registry.looking_at(SplitsCheck):
            checked[check.name] = check_task(check.name, task, chosen, spec.tasks.values())
        for name, result in checked.items():
            if name not in chosen.advisory and result.share < chosen.threshold(name):
                found += result.tally.kept
    return found


def _noted(found: Iterable[Finding], accused: dict[Path, set[int]]) -> Iterator[Finding]:
    """Findings as they come; notes in `accused` which lines of which file have one."""
    for finding in found:
        accused.setdefault(finding.path, set()).add(finding.line)
        yield finding


def _plan(task: Task, split: str, chosen: Options) -> Plan:
    template = files.template_of(task, chosen)
    looking = [
        check.start(task, template)
        for check in registry.looking_at(RecordsCheck)
        if check.start is not None and check.concerns(task, split)
    ]
    return Plan(task.files[split], task.schema, tuple(looking), chosen, reading.of_task(task))


@lru_cache(maxsize=64)
def _scanned(plan: Plan, stamp: tuple[int, int]) -> Scan:
    """One pass over a file, remembered, so that all gates of the file in this process share it. `stamp` is part of the
    remembered key: a changed file is read again."""
    return scan_file(plan)


def _stamp(path: Path) -> tuple[int, int]:
    try:
        stat = os.stat(path)
    except OSError:
        return 0, 0
    return stat.st_size, stat.st_mtime_ns
