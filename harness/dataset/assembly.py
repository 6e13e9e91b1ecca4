"""``bank/assemble.toml``: how the banks of a release line become its data files.

A bank holds what was written by hand, one item a line. The declaration says what a record is made of: fields are
expressions of Jinja over the columns of a row, references are templates over the fields before them. Nothing of a
release line's tasks, kinds or house forms stands in code.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from harness.errors import DataError
from harness.spec import mistakes, nearest
from harness.spec.table import Table
from harness.spec.values import Count, Listed, Name, OneOf, Text

FILE = "assemble.toml"
"""Its name, beside the banks."""
OTHERWISE = "otherwise"
"""The reference of every kind that is not named."""
LISTS = ("each", "beside", "value")
"""Keys of a field that is a list; every other key of it is a field of its entries."""

FieldOf = Annotated[str | Mapping[str, str], OneOf("'string', 'object'")]
"""An expression over the columns of a row; or a table for a list field, which is made from a column that holds a list:

each      the column, whose entries the expressions know as ``it``, numbered from 1 as ``number``
beside    a column that must be as long, whose entries are known as ``other``
value     an expression: the entry itself. Without it, an entry has the other keys as its fields.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken(Table):
    """Rows of the banks that a split takes; those of several are put one behind the other."""

    split: Text
    """As the banks name it."""
    origin: str = ""
    """Field ``origin`` of its records; "" is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitTable(Table):
    """One folder of data files and how its items are named."""

    label: Text
    """Middle of an id: TASK-LABEL-NUMBER."""
    digits: Count = 3
    """Digits of NUMBER, padded with zeros."""
    rows: Listed[Taken]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskOf(Table):
    banks: Listed[Text]
    """Names of its banks, with ``*`` for anything."""
    record: Mapping[Text, FieldOf]
    """Field -> what it holds, in the order of a record, behind id, task, kind and origin."""
    reference: Mapping[Text, str]
    """Kind -> template of the reference answer; `OTHERWISE` for the rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembly(Table):
    kinds: Listed[Text]
    """Kinds of items, in the order of the table of counts."""
    kind: Text
    """Column that holds a row's kind."""
    split: Text
    """Column that holds its split."""
    order: Text
    """Column by whose digest the items of a split are ordered: close to a shuffle, and a new item moves no other two
    past each other."""
    splits: Mapping[Name, SplitTable]
    """Folder -> what goes there."""
    tasks: Mapping[Name, TaskOf]


def read(folder: Path) -> Assembly:
    """The declaration beside the banks in `folder`.

    Raises:
        DataError: it is missing, or something in it is wrong; names the key.
    """
    path = folder / FILE
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        problem = f"cannot be read ({error.strerror}); it says how the banks beside it become data files"
        raise DataError(path, 0, problem) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(path, 0, f"no TOML in UTF-8: {error}") from error
    found = _checked(path, table)
    for problem in _wrong(found):
        raise DataError(path, 0, problem)
    return found


def _checked(path: Path, table: Mapping[str, Any]) -> Assembly:
    found, wrong = mistakes.parse_as(Assembly, table, path.parent)
    if found is None:
        raise DataError(path, 0, "\n".join(f"{'.'.join(map(str, one.place))}: {one.problem}" for one in wrong))
    return found


def _wrong(found: Assembly) -> Iterator[str]:
    """Names that fit nothing, each with its key."""
    taken: dict[str, str] = {}
    for folder, split in found.splits.items():
        for rows in split.rows:
            first = taken.setdefault(rows.split, folder)
            if first != folder:
                yield f"splits.{folder}.rows: split {rows.split!r} is taken by {first} already"
    for name, task in found.tasks.items():
        for kind in task.reference:
            if kind not in (*found.kinds, OTHERWISE):
                yield f"tasks.{name}.reference.{kind}: unknown kind; {nearest.mend(kind, (*found.kinds, OTHERWISE))}"
        for field, declared in task.record.items():
            if not isinstance(declared, str) and "each" not in declared:
                yield f"tasks.{name}.record.{field}.each: missing; name the column that the list is made of"
