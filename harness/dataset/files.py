"""The items of a spec's data files, read from the very bytes that the run opened with."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from harness.dataset import tables
from harness.dataset.item import Item
from harness.dataset.items import distinct, of_task, usable_items
from harness.errors import DataError
from harness.spec.data import DEFAULT, Options
from harness.spec.objects import Spec, Task
from harness.spec.table import columns


def options_of(spec: Spec) -> Options:
    """``[gates.data]``, with the digests of what the run opened with."""
    return Options(**columns(spec.gates.data), opened=tuple(sorted(spec.opened.items())))


def items_of(task: Task, split: str, chosen: Options = DEFAULT) -> tuple[Item, ...]:
    """The usable items of one data file. Unusable records are left out here: the data gates report them.

    Raises:
        DataError: no record can be used, two share an id, or the file is not the one that the run opened with.
    """
    counted = Counted(task, split, chosen)
    found = distinct(task.files[split], counted)
    if not found:
        raise counted.missed[0]
    return found


class Counted:
    """The usable items of one data file, counted as they are iterated."""

    def __init__(self, task: Task, split: str, chosen: Options) -> None:
        self._task, self._split, self._chosen = task, split, chosen
        self.count = self.unused = 0
        self.missed: list[DataError] = []
        """Why records could not be used, in the order of the file; the first `MOST` of them."""

    def __iter__(self) -> Iterator[Item]:
        self.count = self.unused = 0
        path, how = self._task.files[self._split], of_task(self._task, template_of(self._task, self._chosen))
        for item in usable_items(path, how, self._chosen, self._miss):
            self.count += 1
            yield item

    def _miss(self, error: DataError) -> None:
        self.unused += 1
        if len(self.missed) < MOST:
            self.missed.append(error)

    def note(self) -> str:
        """How many records are missing among the items, and which gates say why; "" where none is missing."""
        if not self.unused:
            return ""
        path, first = self._task.files[self._split], self.missed[0]
        gates = f"data.{self._split}-{self._task.name}"
        what = "1 record" if self.unused == 1 else f"{self.unused} records"
        return (
            f"{what} of {path.name} cannot be used and {'is' if self.unused == 1 else 'are'} not judged here "
            f"({gates}.parse and {gates}.template say why; first: line {first.line}: {first.problem})"
        )


MOST = 3


def stream(task: Task, split: str, chosen: Options) -> Iterable[Item]:
    """The same as `items_of`, one by one; ids are not compared."""
    return Counted(task, split, chosen)


def digest_of(path: Path, chosen: Options) -> str:
    """SHA-256 of a data file.

    Raises:
        DataError: it is not the file that the run opened with.
    """
    found = tables.digest_of(path)
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
