"""Edits of the release spec and of the command line."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from suites.sabotage.case import Spoil
from suites.sabotage.subject import NoTargetError, fill, spec_of, task
from suites.tiny.child import Line

Table = dict[str, Any]


def read(path: Path) -> Table:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def write(path: Path, table: Table) -> None:
    """Write a spec as TOML with each table on one line; it reads the same, without comments."""
    rows = [f"{json.dumps(key)} = {_toml(value)}" for key, value in table.items()]
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {_toml(entry)}" for key, entry in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return repr(value) if isinstance(value, float) else json.dumps(value, ensure_ascii=False)


def changed(edit: Callable[[Line, Table], None]) -> Spoil:
    """Change the spec's table."""

    def spoil(line: Line) -> tuple[str, ...]:
        table = read(line.spec)
        edit(line, table)
        write(line.spec, table)
        return ()

    return spoil


def edited(old: str, new: str) -> Spoil:
    """Replace text in the spec; for edits that only one line's text has."""

    def spoil(line: Line) -> tuple[str, ...]:
        line.edit(old, new)
        return ()

    return spoil


def called_with(*arguments: str) -> Spoil:
    """Leave the line as it is and add arguments to the command, in which roles such as ``{candidate}`` may stand."""
    return lambda line: tuple(fill(line, argument) for argument in arguments)


def both(first: Spoil, second: Spoil) -> Spoil:
    """Two spoils as one: a defect that shows in two places."""
    return lambda line: (*first(line), *second(line))


def task_of(line: Line, table: Table) -> Table:
    """The table of the candidate's first task."""
    found: Table = table["tasks"][task(line).name]
    return found


def thresholds(line: Line, table: Table) -> Table:
    """``above`` of the candidate's last row of blocking thresholds on the benchmark.

    Raises:
        NoTargetError: it has none.
    """
    rows = zip(spec_of(line).thresholds, table["gates"]["eval"], strict=True)
    candidate = table["release"]["candidate"]
    own = [raw for row, raw in rows if row.adapter == candidate and row.split == "benchmark" and row.blocking]
    if not own:
        raise NoTargetError("the candidate has no blocking threshold on the benchmark")
    found: Table = own[-1]["above"]
    return found


def last_threshold(value: Callable[[float], float]) -> Spoil:
    """Change the last of those thresholds."""

    def edit(line: Line, table: Table) -> None:
        above = thresholds(line, table)
        metric = list(above)[-1]
        above[metric] = value(above[metric])

    return changed(edit)
