"""Edits of the line's data files, each a `Spoil` that touches one file."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.spec.objects import Task
from suites.sabotage.case import Spoil
from suites.sabotage.subject import NoTargetError, task
from suites.tiny.child import Line

Record = dict[str, Any]
Records = list[Record]
Concerned = Callable[[Record], bool]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Selects records by what the task wants: a refusal, or an answer."""

    refusal: bool

    def of(self, chosen: Task) -> Concerned:
        return lambda found: (str(found.get("kind")) in chosen.refuse) == self.refusal


refused, answered = Wanted(True), Wanted(False)


@dataclass(frozen=True, slots=True)
class File:
    """The file of one split, of the candidate's first task or of another one."""

    split: str
    task: int = 0

    def path(self, line: Line) -> Path:
        """Where it is.

        Raises:
            NoTargetError: the task has no such file, or it is packed.
        """
        chosen = task(line, self.task)
        if self.split not in chosen.files:
            raise NoTargetError(f"task {chosen.name} has no {self.split} file")
        path = chosen.files[self.split]
        if path.suffix in (".gz", ".zst"):
            raise NoTargetError(f"{path.name} is packed; only plain JSONL is edited")
        return path


TRAIN, DEV, BENCHMARK = File("train"), File("dev"), File("benchmark")


def read(line: Line, file: File) -> Records:
    """The records of a file."""
    return [json.loads(row) for row in file.path(line).read_text(encoding="utf-8").splitlines()]


def write(line: Line, file: File, records: Records) -> None:
    text = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
    file.path(line).write_text(text, encoding="utf-8")


def holding(found: Record, *fields: str) -> Record:
    """The record, which has these fields.

    Raises:
        NoTargetError: it lacks one.
    """
    for field in fields:
        if field not in found:
            raise NoTargetError(f"its records have no field {field!r}")
    return found


def number_of(records: Records, concerned: Concerned) -> int:
    """Number of the first line whose record is concerned.

    Raises:
        NoTargetError: there is none.
    """
    for number, found in enumerate(records, 1):
        if concerned(found):
            return number
    raise NoTargetError("the file holds no record of the kind that this spoils")


def number_wanted(line: Line, file: File, wanted: Wanted) -> int:
    """Number of the first line of a file of which the task wants this.

    Raises:
        NoTargetError: there is none.
    """
    return number_of(read(line, file), wanted.of(task(line, file.task)))


def record(file: File, number: int, **fields: object) -> Spoil:
    """Set fields of the record in line `number`, which has them already or gets one more."""

    def spoil(line: Line) -> tuple[str, ...]:
        records = read(line, file)
        records[number - 1] |= fields
        write(line, file, records)
        return ()

    return spoil


def first(file: File, concerned: Concerned | Wanted, **fields: object) -> Spoil:
    """Set fields, which it must have, of the first record that is concerned."""

    def spoil(line: Line) -> tuple[str, ...]:
        records = read(line, file)
        number = number_of(records, _settled(line, file, concerned))
        holding(records[number - 1], *fields)
        return record(file, number, **fields)(line)

    return spoil


def every(file: File, concerned: Concerned | Wanted, **fields: object) -> Spoil:
    """Set fields of every record that is concerned."""

    def spoil(line: Line) -> tuple[str, ...]:
        records, chosen = read(line, file), _settled(line, file, concerned)
        number_of(records, chosen)
        write(line, file, [one | fields if chosen(one) else one for one in records])
        return ()

    return spoil


def _settled(line: Line, file: File, concerned: Concerned | Wanted) -> Concerned:
    return concerned.of(task(line, file.task)) if isinstance(concerned, Wanted) else concerned


def without(file: File, number: int, field: str) -> Spoil:
    """Remove a field of the record in line `number`."""

    def spoil(line: Line) -> tuple[str, ...]:
        records = read(line, file)
        del holding(records[number - 1], field)[field]
        write(line, file, records)
        return ()

    return spoil


def raw(file: File, number: int, edit: Callable[[bytes], bytes]) -> Spoil:
    """Change the bytes of line `number`; the edit must change something."""

    def spoil(line: Line) -> tuple[str, ...]:
        path = file.path(line)
        rows = path.read_bytes().split(b"\n")
        changed = edit(rows[number - 1])
        assert changed != rows[number - 1], f"line {number} of {path.name} stayed as it was"
        path.write_bytes(b"\n".join([*rows[: number - 1], changed, *rows[number:]]))
        return ()

    return spoil


def dropped(file: File, number: int) -> Spoil:
    """Remove the record in line `number` of a file whose items the spec counts."""

    def spoil(line: Line) -> tuple[str, ...]:
        if "items" not in task(line, file.task).counts.get(file.split, {}):
            raise NoTargetError(f"the spec declares no number of items (counts.{file.split}.items)")
        records = read(line, file)
        del records[number - 1]
        write(line, file, records)
        return ()

    return spoil


def cloned(file: File, number: int, change: Callable[[Record], Record] = dict) -> Spoil:
    """Append a copy of the record in line `number`, changed."""

    def spoil(line: Line) -> tuple[str, ...]:
        records = read(line, file)
        write(line, file, [*records, change(records[number - 1])])
        return ()

    return spoil


def copied(source: File, number: int, target: File, field: str, change: Callable[[str], str] = str) -> Spoil:
    """Give the record in line `number` of `target` the field of the same line of `source`."""

    def spoil(line: Line) -> tuple[str, ...]:
        found = holding(read(line, source)[number - 1], field)[field]
        holding(read(line, target)[number - 1], field)
        return record(target, number, **{field: change(found)})(line)

    return spoil


def emptied(file: File) -> Spoil:
    """Leave nothing but a line end."""

    def spoil(line: Line) -> tuple[str, ...]:
        file.path(line).write_text("\n", encoding="utf-8")
        return ()

    return spoil
