"""The records of a data file, line by line or row by row, as Python objects; numbers keep every digit."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from harness.dataset import file_format
from harness.dataset.line import ENCODING, Record, examine, plausible
from harness.dataset.rows import Rows
from harness.dataset.source import Source
from harness.errors import DataError
from harness.spec.data import DEFAULT, Options


def parse_lines(path: Path) -> list[tuple[int, Record]]:
    """Line number and object of every record in a JSONL file.

    Raises:
        DataError: the file is missing or empty, or a line is not one JSON object in UTF-8.
    """
    return list(stream_lines(path))


def stream_lines(path: Path, options: Options = DEFAULT) -> Iterator[tuple[int, Record]]:
    """`parse_lines`, one record at a time.

    Raises:
        DataError: as `parse_lines`, when the line in question is reached.
    """
    for number, found in every_line(path, options):
        if isinstance(found, DataError):
            raise found
        yield number, found


def every_line(path: Path, options: Options) -> Iterator[tuple[int, Record | DataError]]:
    """Number and record of every line or row, or why it holds none; 0 stands for the file as a whole.

    Raises:
        DataError: the file cannot be opened, or is not the one that the run opened with.
    """
    for number, _, found in every_written(path, options):
        yield number, found


def every_written(path: Path, options: Options) -> Iterator[tuple[int, bytes, Record | DataError]]:
    """`every_line` with the bytes that a record was read from: a line's own, or a row's as one line of JSON; b"" for
    the file as a whole and for a line that is too long.

    Raises:
        DataError: as `every_line`.
    """
    found = file_format.format_of(path)
    count = 0
    if found.name == file_format.LINES:
        source = Source(path, options)
        for block in source.blocks():
            if block.skipped:
                count += 1
                problem = f"a line of {block.skipped} bytes is too long; is a newline missing?"
                yield block.first, b"", DataError(path, block.first, problem)
                continue
            for number, raw in enumerate(block.data.split(b"\n"), block.first):
                if raw.strip():
                    count += 1
                    yield number, raw, _exact(path, number, raw)
        findings, nothing = source.findings, "holds no record; one JSON object a line is expected"
    else:
        rows = Rows(path, found, options)
        for number, raw in rows.lines():
            count += 1
            yield number, raw, _exact(path, number, raw)
        findings, nothing = rows.findings, f"a {found.name} without a row"
    for finding in findings:
        yield 0, b"", DataError(path, finding.line, finding.problem)
    if not count and not findings:
        yield 0, b"", DataError(path, 0, nothing)


def _exact(path: Path, number: int, raw: bytes) -> Record | DataError:
    """The record of a line with every digit of its numbers, or why there is none."""
    if plausible(raw) is not None:
        record: Record = json.loads(raw)
        return record
    examined = examine(path, number, raw)
    for finding in examined.findings:
        if examined.record is None or finding.kind not in ENCODING | {"empty-field"}:
            return DataError(path, number, finding.problem)
    assert examined.record is not None, "a line without a record has a finding that says why"
    return examined.record
