"""A person's records, each with the bytes that it was read from: they are distributed, and never changed."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

from harness.dataset import file_format
from harness.dataset.line import Record
from harness.dataset.records import every_written
from harness.errors import DataError
from harness.spec.data import DEFAULT

_BOM = b"\xef\xbb\xbf"
_BREAK = re.compile(rb"[\r\n]+[ \t\r\n]*")
"""Between the parts of an array's element; inside of its texts a break is escaped."""


@dataclass(frozen=True, slots=True)
class Row:
    """One record."""

    path: Path
    line: int
    """Of its file, or the number of its row."""
    raw: bytes
    """Its line of JSON, without the break."""
    record: Record

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of what it says, whatever the order of its keys."""
        said = json.dumps(self.record, sort_keys=True, ensure_ascii=False, default=str)
        return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class File:
    """One file as it lies there."""

    path: Path
    format: str
    rows: tuple[Row, ...]


def read(path: Path) -> File:
    """All records of one file, folder or ``hf:`` data set.

    Raises:
        DataError: it cannot be read, or one of its lines cannot: the first one, and how many there are.
    """
    rows: list[Row] = []
    wrong: list[DataError] = []
    for line, raw, found in every_written(path, DEFAULT):
        if isinstance(found, DataError):
            wrong.append(found)
        else:
            rows.append(Row(path, line, _BREAK.sub(b" ", raw.strip().removeprefix(_BOM)), found))
    if wrong:
        raise _told(wrong, len(rows))
    return File(path, file_format.format_of(path).name, tuple(rows))


def _told(wrong: list[DataError], sound: int) -> DataError:
    first = wrong[0]
    if not sound and len(wrong) == 1:
        return first
    more = f"; {len(wrong)} of {len(wrong) + sound} lines cannot be read: mend them, or take them out"
    return DataError(first.path, first.line, first.problem + more)
