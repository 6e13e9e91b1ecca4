"""How a task reads its records: which column holds which field, and which turns are learned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.spec import nearest
from harness.spec.tasks import Learn, TaskTable

Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reading:
    columns: tuple[tuple[str, str], ...] = ()
    """(reserved name, column that holds it); a column of "" means that the record's own key of that name is something
    else."""
    learn: Learn = "last"


PLAIN = Reading()


def of_task(task: TaskTable) -> Reading:
    return Reading(task.columns, task.learn)


def named(record: Record, reading: Reading) -> dict[str, Any]:
    """A record under the reserved names, without the keys that are null.

    Raises:
        ValueError: a column that the task names is not there, and one of nearly that name is.
    """
    columns = dict(reading.columns)
    present = {key: value for key, value in record.items() if value is not None}
    found = {key: value for key, value in present.items() if key not in columns}
    for name, column in columns.items():
        if column in present:
            found[name] = present[column]
        elif column and column not in record and (near := nearest.closest(column, set(record) - set(columns.values()))):
            raise ValueError(f"no column {column!r}, which columns.{name} names; did you mean {near!r}?")
    return found
