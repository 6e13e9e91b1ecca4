"""What a spec leaves unjudged: a property that no task declares is not judged, and the run says so."""

from __future__ import annotations

from collections.abc import Iterator

from harness.dataset import declared, files
from harness.errors import DataError, SpecError
from harness.metrics import registry
from harness.spec.data import Options
from harness.spec.objects import Spec, Task

_LEFT_OPEN = {
    "schema": "records are held to no schema, so a field that is missing or misspelt is not told",
    "answer_form": "the form of answers is not judged",
    "refuse": "whether anything is refused that should be is not judged",
    "look_alike": "whether anything is refused that should be answered is not judged by items of its own",
}
"""Key of a task -> what is not judged without it, in words."""


def not_judged(spec: Spec) -> tuple[str, ...]:
    """What a run of the spec will not judge, in words: one entry for each task and missing key, kind of content, or
    unusable record.

    Raises:
        DataError: a benchmark cannot be read.
    """
    options = files.options_of(spec)
    return tuple(sentence for task in spec.tasks.values() for sentence in _of_task(task, options))


def _of_task(task: Task, options: Options) -> Iterator[str]:
    for key, words in _LEFT_OPEN.items():
        if not getattr(task, key):
            yield f"tasks.{task.name}.{key} is not declared: {words}"
    counted = files.Counted(task, "benchmark", options)
    items = tuple(counted)
    if not items:
        raise counted.missed[0]
    if counted.unused:  # data gates that only advise would let it pass
        yield f"records of {task.name}'s benchmark that cannot be used, and that no adapter is asked: {counted.unused}"
    if not any(item.points for item in items):
        yield f"no benchmark item of {task.name} has points: coverage cannot say whether answers hold what they should"
    if all(item.topic == item.id for item in items):
        yield f"no benchmark item of {task.name} names a topic: each counts by itself, as if none were of one source"


def needless(spec: Spec) -> Iterator[tuple[str, str]]:
    """(key, mend) for each threshold on a metric that no task of its row declares the keys for."""
    asked = [
        (row.adapter, row.task, metric, f"gates.eval.{number}")
        for number, row in enumerate(spec.thresholds)
        for metric in row.above
    ]
    asked += [(spec.candidate, "all", metric, "selection.minimum") for metric in spec.selection.minimum]
    for adapter, name, metric, where in asked:
        tasks = [spec.tasks[task] for task in spec.tasks_of(adapter, name)]
        for key in registry.METRICS[metric].needs if metric in registry.METRICS else ():
            if not any(getattr(task, key) for task in tasks):
                yield (
                    f"tasks.{tasks[0].name}.{key}",
                    f"missing, and {where} puts a threshold on {metric!r}, which is taken over nothing without it; "
                    "declare it, or remove the threshold",
                )


def check_kinds(spec: Spec) -> None:
    """Refuse a declared kind that no record of its task has: it is misspelt, and the items that were meant would be
    judged wrongly.

    Raises:
        SpecError: names the key and the nearest kind that there is.
    """
    options = files.options_of(spec)  # the last file is the smallest, and items are read until each kind was met
    wrong: list[tuple[str, str]] = []
    for task in spec.tasks.values():
        items = (item for split in reversed([*task.files]) for item in files.stream(task, split, options))
        try:
            wrong += declared.absent_kinds(task, items)
        except DataError:
            continue  # a line that cannot be read is what the data gates are there to show
    if wrong:
        first, *others = wrong
        raise SpecError(spec.path, *first, *others)
