"""Turn JSONL lines into items: what is asked, what a right answer must hold, and the reference answer.

Two forms are read: the project's task records, whose prompt is rendered by the task's template,
and the common ``messages`` form, whose last assistant turn is the reference.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jinja2
from jinja2.sandbox import SandboxedEnvironment

from harness.errors import DataError

Message = Mapping[str, str]
"""``{"role": ..., "content": ...}``, as chat templates take it."""

REFUSAL_KINDS = frozenset({"graded", "no-notes", "no-brief"})
"""Kinds of items that must be refused; every other kind must be answered."""

LOOK_ALIKE = "look-alike"
"""Kind of items that look like something to refuse and must be answered."""


@dataclass(frozen=True, slots=True)
class Point:
    """One thing that an answer must say; any of `wordings` says it."""

    wordings: tuple[str, ...]
    source: str = ""
    """Id of the note that carries it, or "" where the task has no notes."""


@dataclass(frozen=True, slots=True)
class Item:
    """One question with all that is needed to judge an answer to it."""

    id: str
    task: str
    kind: str
    topic: str
    """The cluster that the item belongs to: items of one topic are not independent."""
    messages: tuple[Message, ...]
    """The prompt's turns; the model's answer comes next."""
    reference: str
    points: tuple[Point, ...]
    line: int
    fields: Mapping[str, Any] = field(default_factory=dict)
    """The record as written."""

    @property
    def must_refuse(self) -> bool:
        return self.kind in REFUSAL_KINDS


def parse_lines(path: Path) -> list[tuple[int, dict[str, Any]]]:
    """Line number and object of every record in a JSONL file.

    Raises:
        DataError: the file is missing or empty, or a line is not one JSON object in UTF-8.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DataError(path, 0, f"cannot be read ({error.strerror}); name an existing JSONL file") from error
    records = []
    for number, raw in enumerate(data.split(b"\n"), 1):  # never str.splitlines: U+2028 may stand inside a string
        if raw.strip():
            records.append((number, _parse_line(path, number, raw)))
    if not records:
        raise DataError(path, 0, "holds no record; one JSON object a line is expected")
    return records


def read_items(path: Path, task: str, template: str, system: str) -> tuple[Item, ...]:
    """All items of one data file.

    Args:
        path: JSONL file.
        task: the task that the file belongs to; a record that names another is refused.
        template: Jinja2 source of the user turn.
        system: the system turn; "" for none.

    Raises:
        DataError: a record cannot be used, or two share an id.
    """
    render = compile_template(template)
    items = []
    seen: dict[str, int] = {}
    for line, record in parse_lines(path):
        item = _item(path, line, record, task, render, system)
        if item.id in seen:
            raise DataError(path, line, f"id {item.id!r} was used in line {seen[item.id]} already; ids are unique")
        seen[item.id] = line
        items.append(item)
    return tuple(items)


def compile_template(source: str) -> jinja2.Template:
    """A template that fails on an unknown field and cannot run code from a data file."""
    environment = SandboxedEnvironment(undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(source)


def _parse_line(path: Path, number: int, raw: bytes) -> dict[str, Any]:
    def no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            twice = next(key for i, (key, _) in enumerate(pairs) if key in dict(pairs[:i]))
            raise DataError(path, number, f"key {twice!r} stands twice; JSON keeps only one of them")
        return found

    def no_constant(name: str) -> Any:
        raise DataError(path, number, f"{name} is not JSON; write a number or null")

    try:
        text = raw.decode("utf-8")
        record = json.loads(text, object_pairs_hook=no_duplicates, parse_constant=no_constant)
    except UnicodeDecodeError as error:
        raise DataError(path, number, f"not UTF-8 at byte {error.start + 1} of the line") from error
    except json.JSONDecodeError as error:
        raise DataError(path, number, f"not JSON at column {error.colno}: {error.msg}") from error
    except RecursionError as error:
        raise DataError(path, number, "nested too deeply to be a record") from error
    if not isinstance(record, dict):
        raise DataError(path, number, f"a JSON object is expected, got {type(record).__name__}")
    return record


def _item(path: Path, line: int, record: dict[str, Any], task: str, render: jinja2.Template, system: str) -> Item:
    if record.get("task", task) != task:
        raise DataError(path, line, f"task is {record['task']!r}, but the spec lists this file under {task!r}")
    try:
        points = tuple(Point(tuple(p["wordings"]), p.get("note", "")) for p in record.get("points", ()))
        if "messages" in record:
            *prompt, last = record["messages"]
            if last["role"] != "assistant":
                raise DataError(path, line, "messages must end with the assistant's turn: it is the reference")
            turns, reference = tuple(prompt), last["content"]
        else:
            opening = ({"role": "system", "content": system},) if system else ()
            turns = (*opening, {"role": "user", "content": render.render(record).strip()})
            reference = record["reference"]
        return Item(
            id=record["id"],
            task=task,
            kind=record.get("kind", "plain"),
            topic=record.get("topic", record["id"]),
            messages=turns,
            reference=reference,
            points=points,
            line=line,
            fields=record,
        )
    except KeyError as error:
        raise DataError(path, line, f"key {error.args[0]!r} is missing") from error
    except jinja2.UndefinedError as error:
        raise DataError(path, line, f"the task's template needs a field that is not there: {error.message}") from error
    except (TypeError, ValueError, AttributeError) as error:
        raise DataError(path, line, f"a field has the wrong shape: {error}") from error
