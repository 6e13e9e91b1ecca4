"""What a task declares about its items: which kinds must be refused, which only look as if they must, and which of the
task keys that some metrics need are set. Kinds are the data's own words; the harness knows none of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from harness.dataset.item import DECLARABLE, Item
from harness.spec import nearest
from harness.spec.objects import Task


@dataclass(frozen=True, slots=True)
class Declared:
    """The declarations of one task. A reader of records needs them beside the prompt template and the system turn."""

    refuse: frozenset[str] = frozenset()
    """Kinds of items that must be refused; every other kind must be answered."""
    look_alike: frozenset[str] = frozenset()
    """Kinds that look like something to refuse and must be answered."""
    keys: frozenset[str] = DECLARABLE
    """Those of `DECLARABLE` that the task has."""


NOTHING = Declared()
"""The declarations of a file that belongs to no task."""


def of_task(task: Task) -> Declared:
    return Declared(task.refuse, task.look_alike, frozenset(key for key in DECLARABLE if getattr(task, key)))


def absent_kinds(task: Task, items: Iterable[Item]) -> tuple[tuple[str, str], ...]:
    """(key of the task, mend) for each declared kind that no item has. Stops reading once every kind was seen."""
    wanted = {kind: key for key in ("refuse", "look_alike") for kind in sorted(getattr(task, key))}
    missing, known = set(wanted), set[str]()
    for item in items if wanted else ():
        known.add(item.kind)
        missing.discard(item.kind)
        if not missing:
            return ()
    return tuple(
        (f"tasks.{task.name}.{key}", f"no record is of kind {kind!r}; {nearest.mend(kind, known)}")
        for kind, key in wanted.items()
        if kind in missing
    )
