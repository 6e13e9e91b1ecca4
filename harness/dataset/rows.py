"""The rows of a data file that is not made of lines (a JSON array or a table), each as the bytes of one line of JSON.

So the code that judges and reads lines also judges and reads rows; the place of a row is its number, from 1. The
elements of a JSON array are the file's own bytes, with every digit. Tables are read by the ``datasets`` library, which
cannot tell an absent key from one that is null: such keys are left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import orjson

from harness.dataset import file_format
from harness.dataset.file_format import FileFormat
from harness.dataset.findings import Finding
from harness.dataset.source import Source
from harness.errors import DataError
from harness.spec.data import DEFAULT, Options

MOST_ARRAY = 512 * 2**20
"""Largest JSON array that is read, in bytes: it is held in memory whole, and several times over as objects."""


@dataclass(slots=True)
class Rows:
    """One reading of one table. `digest` and `findings` are complete once `lines` is exhausted."""

    path: Path
    found: FileFormat
    options: Options = DEFAULT
    findings: list[Finding] = field(default_factory=list)
    digest: str = ""

    def lines(self) -> Iterator[tuple[int, bytes]]:
        """Number and bytes of every row.

        Raises:
            DataError: it is not what the run opened with, or cannot be opened.
        """
        if self.found.name == file_format.ARRAY:
            yield from self._elements()
        elif self.found.name == file_format.WRONG:
            self._accuse("wrong-format", self.found.problem)
            self._digested()
        elif self._digested():
            yield from self._of_table()

    def _digested(self) -> bool:
        """Whether the digest is that of the file that the run opened with; notes a finding where there is nothing to
        digest."""
        from harness.dataset.tables import digest_of

        try:
            self.digest = digest_of(self.path)
        except (DataError, OSError, ValueError) as error:
            if not self.findings:
                problem = error.problem if isinstance(error, DataError) else str(error)
                self._accuse("broken-table", f"cannot be read: {problem}")
            return False
        self.options.held(self.path, self.digest)
        return True

    def _of_table(self) -> Iterator[tuple[int, bytes]]:
        from harness.dataset.tables import records

        number = 0
        try:
            for number, record in enumerate(records(self.path, self.found), 1):
                yield number, self._line(number, record)
        except DataError as error:
            self._accuse("broken-table", error.problem, error.line)

    def _line(self, number: int, record: dict[str, Any]) -> bytes:
        try:
            return orjson.dumps(without_null(record), default=_text_of)
        except (TypeError, orjson.JSONEncodeError) as error:
            column = next((name for name, value in record.items() if not _is_json(value)), "")
            problem = f"column {column!r} holds what is no text, number, list or object ({error}); leave it out"
            raise DataError(self.path, number, problem) from error

    def _elements(self) -> Iterator[tuple[int, bytes]]:
        source = Source(self.path, replace(self.options, max_line_bytes=MOST_ARRAY))
        blocks = list(source.blocks())
        self.digest, self.findings = source.digest, source.findings
        raw = b"".join(block.data for block in blocks)
        if any(block.skipped for block in blocks) or len(raw) > MOST_ARRAY:
            problem = (
                f"a JSON array of more than {MOST_ARRAY} bytes would have to be held whole; write one object a line"
            )
            self._accuse("wrong-format", problem)
            return
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            self._accuse("not-utf8", f"not UTF-8 at byte {error.start + 1} of the file ({error.reason}); save as UTF-8")
            return
        try:
            yield from elements(text)
        except json.JSONDecodeError as error:
            problem = f"the array is no JSON at line {error.lineno}, column {error.colno}: {error.msg}"
            self._accuse("not-json", f"{problem}; what follows is not read")
        except RecursionError:
            self._accuse("too-deep", "an element of the array is nested too deeply; what follows is not read")

    def _accuse(self, kind: str, problem: str, number: int = 0) -> None:
        self.findings.append(Finding(self.path, number, "", problem, kind))


def elements(text: str) -> Iterator[tuple[int, bytes]]:
    """Number and bytes of every element of a JSON array, as they are written.

    Raises:
        json.JSONDecodeError: the text is no array, or ends too early; what came before is yielded.
    """
    decoder = json.JSONDecoder()
    at = _next(text, 0)
    if text[at : at + 1] != "[":
        raise json.JSONDecodeError("Expecting '['", text, at)
    at, number = _next(text, at + 1), 0
    if text[at : at + 1] == "]":
        at = _next(text, at + 1)
    else:
        while True:
            _, end = decoder.raw_decode(text, at)
            number += 1
            yield number, text[at:end].encode("utf-8", "surrogatepass")
            at = _next(text, end)
            closing = text[at : at + 1]
            if closing not in (",", "]"):
                raise json.JSONDecodeError("Expecting ',' delimiter", text, at)
            at = _next(text, at + 1)
            if closing == "]":
                break
    if at < len(text):
        raise json.JSONDecodeError("Extra data", text, at)


def without_null(value: Any) -> Any:
    """A value without the keys of its objects that are null, however deep."""
    if isinstance(value, dict):
        return {key: without_null(entry) for key, entry in value.items() if entry is not None}
    return [without_null(entry) for entry in value] if isinstance(value, list) else value


def _next(text: str, at: int) -> int:
    """Index of the next character that is not white space."""
    while text[at : at + 1] in (" ", "\t", "\n", "\r") and at < len(text):
        at += 1
    return at


def _text_of(value: object) -> str:
    from decimal import Decimal

    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"got {type(value).__name__}")


def _is_json(value: object) -> bool:
    try:
        orjson.dumps(value, default=_text_of)
    except TypeError:
        return False
    return True
