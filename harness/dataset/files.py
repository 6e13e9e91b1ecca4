"""The items of a spec's data files, read from the very bytes that the run opened with."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from harness.dataset import declared
from harness.dataset.item import Item
from harness.dataset.records import read_items, stream_items
from harness.spec.data import DEFAULT, Options
from harness.spec.objects import Spec, Task
from harness.spec.table import columns
from harness.store import digests


def options_of(spec: Spec) -> Options:
    """``[gates.data]``, with the digests of what the run opened with."""
    return Options(**columns(spec.gates.data), opened=tuple(sorted(spec.opened.items())))


def items_of(task: Task, split: str, chosen: Options = DEFAULT) -> tuple[Item, ...]:
    """The items of one data file.

    Raises:
        DataError: a record cannot be used, or the file is not the one that the run opened with.
    """
    said = declared.of_task(task)
    return read_items(task.files[split], task.name, template_of(task, chosen), task.system, chosen, said)


class Counted:
    """The items of one data file, counted as they pass."""

    def __init__(self, task: Task, split: str, chosen: Options) -> None:
        self._items, self.count = stream(task, split, chosen), 0

    def __iter__(self) -> Iterator[Item]:
        for item in self._items:
            self.count += 1
            yield item


def stream(task: Task, split: str, chosen: Options) -> Iterable[Item]:
    """The same as `items_of`, one by one."""
    said = declared.of_task(task)
    return stream_items(task.files[split], task.name, template_of(task, chosen), task.system, chosen, said)


def digest_of(path: Path, chosen: Options) -> str:
    """SHA-256 of a data file.

    Raises:
        DataError: it is not the file that the run opened with.
    """
    found = digests.of_file(path)
    chosen.held(path, found)
    return found


def template_of(task: Task, chosen: Options) -> str | None:
    """The text of the task's prompt template; None where it declares none.

    Raises:
        DataError: it is not the file that the run opened with.
    """
    if task.template is None:
        return None
    data = task.template.read_bytes()
    chosen.held(task.template, hashlib.sha256(data).hexdigest())
    return data.decode("utf-8").replace("\r\n", "\n")
