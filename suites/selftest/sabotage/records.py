"""Edits of the line's data files, each a `Spoil` that touches one file."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from suites.selftest.child import Line
from suites.selftest.sabotage.case import Spoil

Records = list[dict[str, Any]]


def read(line: Line, name: str) -> Records:
    """The records of ``train/sea.jsonl`` and its like."""
    text = (line.spec.parent / name).read_text(encoding="utf-8")
    return [json.loads(row) for row in text.splitlines()]


def write(line: Line, name: str, records: Records) -> None:
    text = "".join(json.dumps(record) + "\n" for record in records)
    (line.spec.parent / name).write_text(text, encoding="utf-8")


def record(name: str, number: int, **fields: object) -> Spoil:
    """Set fields of the record in line `number`."""

    def spoil(line: Line) -> tuple[str, ...]:
        records = read(line, name)
        records[number - 1] |= fields
        write(line, name, records)
        return ()

    return spoil


def every(name: str, concerned: Callable[[dict[str, Any]], bool], **fields: object) -> Spoil:
    """Set fields of every record that is concerned."""

    def spoil(line: Line) -> tuple[str, ...]:
        records = read(line, name)
        assert any(map(concerned, records)), f"{name} holds no such record"
        write(line, name, [one | fields if concerned(one) else one for one in records])
        return ()

    return spoil


def without(name: str, number: int, field: str) -> Spoil:
    """Remove a field of the record in line `number`."""

    def spoil(line: Line) -> tuple[str, ...]:
        records = read(line, name)
        del records[number - 1][field]
        write(line, name, records)
        return ()

    return spoil


def raw(name: str, number: int, edit: Callable[[bytes], bytes]) -> Spoil:
    """Change the bytes of line `number`; the edit must change something."""

    def spoil(line: Line) -> tuple[str, ...]:
        path = line.spec.parent / name
        rows = path.read_bytes().split(b"\n")
        changed = edit(rows[number - 1])
        assert changed != rows[number - 1], f"line {number} of {name} stayed as it was"
        path.write_bytes(b"\n".join([*rows[: number - 1], changed, *rows[number:]]))
        return ()

    return spoil


def dropped(name: str, number: int) -> Spoil:
    """Remove the record in line `number`."""

    def spoil(line: Line) -> tuple[str, ...]:
        records = read(line, name)
        del records[number - 1]
        write(line, name, records)
        return ()

    return spoil


def cloned(name: str, number: int, **fields: object) -> Spoil:
    """Append a copy of the record in line `number`, with other fields."""

    def spoil(line: Line) -> tuple[str, ...]:
        records = read(line, name)
        write(line, name, [*records, records[number - 1] | fields])
        return ()

    return spoil


def copied(source: str, number: int, target: str, field: str, change: Callable[[str], str] = str) -> Spoil:
    """Give the record in line `number` of `target` the field of the same line of `source`."""

    def spoil(line: Line) -> tuple[str, ...]:
        return record(target, number, **{field: change(read(line, source)[number - 1][field])})(line)

    return spoil


def emptied(name: str) -> Spoil:
    """Leave nothing but a line end."""

    def spoil(line: Line) -> tuple[str, ...]:
        (line.spec.parent / name).write_text("\n", encoding="utf-8")
        return ()

    return spoil
