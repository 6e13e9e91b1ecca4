"""Explain what is wrong with one line. `examine` is slow and complete, and is called only for lines that `plausible`
does not accept.

`examine` defines a sound line. `plausible` is a fast test that may reject sound lines and never accepts a faulty one; a
test compares the two.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

from harness.dataset.findings import Finding, quote

Record = dict[str, Any]

BOM = b"\xef\xbb\xbf"
MAX_DEPTH = 100
"""Levels of nesting that a record may have. Readers differ from 100 (Ruby's json) to about 1,000 (Python's, orjson)."""

ENCODING = frozenset({"not-utf8", "bom", "nul", "lone-surrogate", "crlf", "line-separator"})
"""Kinds of findings that the encoding check reports. All other kinds of `examine` but `empty-field` belong to the parse
check."""

_SEPARATORS = {"\u2028": "U+2028", "\u2029": "U+2029", "\x85": "U+0085"}
"""Characters at which str.splitlines, and readers built on it, cut a line in two."""

MOST = 1000
"""Most findings that are kept of one line, so that a line with a million defects does not fill the memory."""

_INVISIBLE = "\x00\xad\u200b\u200c\u200d\u2060\ufeff"
"""Characters that are invisible and yet not white space. A text of nothing else counts as empty."""

_BLANK_TEXT = re.compile(
    rb'"(?: |\\[nrtbf]|\\u00[01].|\x7f|\xc2[\xa0\xad]|\xe1\x9a\x80|\xe2\x80.|\xe2\x81[\x9f\xa0]'
    rb'|\xe3\x80\x80|\xef\xbb\xbf)*+"',
    re.DOTALL,
)
"""A JSON string, as orjson writes it, that is empty or holds only invisible characters. The quantifier is possessive,
so that millions of blanks in a row need no backtracking."""


@dataclass(frozen=True, slots=True)
class Examined:
    """What one line holds and what is wrong with it."""

    record: Record | None
    """The object, or None where the line holds none that could be used."""
    findings: tuple[Finding, ...]
    """In full up to `MOST`."""


def plausible(raw: bytes) -> Record | None:
    """The record of a line that is certainly sound; None where `examine` has to decide.

    Big integers become floats here, which is enough for a schema; the record is not kept.
    """
    if raw.count(b"[") + raw.count(b"{") > MAX_DEPTH:
        return None
    try:
        record = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None
    if type(record) is not dict or raw.endswith(b"\r"):
        return None
    written = orjson.dumps(record)
    # Colons: each key has one, and texts keep theirs. A key that stood twice was written once.
    if raw.count(b":") != written.count(b":") or b"\\u003" in raw:
        return None
    if _BLANK_TEXT.search(written) or b"\\u0000" in written:
        return None
    if not written.isascii() and any(mark in written for mark in (b"\xe2\x80\xa8", b"\xe2\x80\xa9", b"\xc2\x85")):
        return None
    return record


def examine(path: Path, number: int, raw: bytes) -> Examined:
    """Everything that is wrong with one line, its newline cut off. The line is not blank."""
    found: list[Finding] = []

    def accuse(kind: str, problem: str, column: int = 0, field: str = "", evidence: str = "") -> None:
        found.append(Finding(path, number, field, problem, kind, column, evidence))

    if raw.startswith(BOM):
        accuse("bom", "begins with a byte order mark; save as UTF-8 without BOM", 1, evidence="EF BB BF")
        raw = raw[len(BOM) :]
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        accuse("not-utf8", _not_utf8(raw, error), error.start + 1, evidence=raw[error.start : error.start + 8].hex(" "))
        return Examined(None, tuple(found))
    if text.endswith("\r"):
        accuse("crlf", "ends in CR LF; write LF alone", len(text), evidence="\\r\\n")
        text = text.rstrip("\r")
    if "\x00" in text:
        accuse("nul", "holds a NUL byte; was the file cut or left sparse?", text.index("\x00") + 1, evidence="\\x00")
        return Examined(None, tuple(found))
    depth, column = depth_of(raw, MAX_DEPTH)
    if depth:
        accuse("too-deep", f"nested {depth} levels deep, at most {MAX_DEPTH} are read", column)
        return Examined(None, tuple(found))
    record, problems = _load(text)
    for kind, problem, column, field in problems:
        accuse(kind, problem, column, field, _around(text, column))
    if record is None:
        return Examined(None, tuple(found))
    for kind, field, problem, evidence in islice(_text_problems(record), MOST):
        accuse(kind, problem, 0, field, evidence)
    return Examined(record, tuple(found))


Problem = tuple[str, str, int, str]
"""Kind, problem, column, field."""


def _load(text: str) -> tuple[Record | None, list[Problem]]:
    problems: list[Problem] = []
    words = BareWords(text)
    repeated = False

    def accuse(kind: str, problem: str, column: int, field: str = "") -> None:
        if len(problems) < MOST:
            problems.append((kind, problem, column, field))

    def pairs(found: list[tuple[str, Any]]) -> Record:
        nonlocal repeated
        made = dict(found)
        repeated = repeated or len(made) != len(found)
        return made

    def constant(name: str) -> float:
        accuse("not-finite", f"{name} is not JSON; write a number or null", words.column(name))
        return 0.0

    def number(digits: str) -> float:
        value = float(digits)
        if math.isinf(value):
            problem = f"{quote(digits)} is beyond every double; readers make infinity of it"
            accuse("not-finite", problem, words.column(digits))
            return 0.0
        return value

    def whole(digits: str) -> int:
        if len(digits) > MAX_DIGITS:
            problem = f"an integer of {len(digits)} digits; at most {MAX_DIGITS} are read"
            accuse("not-finite", problem, words.column(digits))
            return 0
        return int(digits)

    try:
        record = json.loads(text, object_pairs_hook=pairs, parse_constant=constant, parse_float=number, parse_int=whole)
    except json.JSONDecodeError as error:
        return None, [("not-json", f"not JSON at column {error.colno}: {error.msg}", error.colno, "")]
    if repeated:
        for key, column in islice(repeated_keys(text), MOST):
            accuse("duplicate-key", f"key {quote(key)} stands twice; JSON readers keep only one of them", column, key)
    if not isinstance(record, dict):
        accuse("not-object", f"a JSON object a line is expected, got {type(record).__name__}", 1)
        return None, problems
    return record, problems


MAX_DIGITS = 308
"""Most digits of an integer: one with more is above the range of a double; Python itself stops at 4,300 digits."""


def texts(value: object, place: str = "") -> Iterator[tuple[str, str]]:
    """Path and text of every string below a JSON value, keys included (their path ends in ``(key)``)."""
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, dict):
        for key, entry in value.items():
            yield f"{place}.{key}(key)".removeprefix("."), key
            yield from texts(entry, f"{place}.{key}".removeprefix("."))
    elif isinstance(value, list):
        for index, entry in enumerate(value):
            yield from texts(entry, f"{place}[{index}]")


def _text_problems(record: Record) -> Iterator[tuple[str, str, str, str]]:
    """Kind, field, problem and evidence of everything that is wrong inside texts."""
    for place, text in texts(record):
        field = quote(place).strip("'\"") if not place.isprintable() else place
        if all(char.isspace() or char in _INVISIBLE for char in text):
            if place == "input" and not text and record.get("instruction"):
                continue  # Alpaca's way to say that an instruction has no input
            if not place.endswith("(key)"):
                what = "empty" if not text else "nothing but white space" if not text.strip() else "nothing visible"
                yield "empty-field", field, f"{what}; text is expected", quote(text)
            elif not text:
                yield "empty-field", field, "a key without a name", quote(text)
        if "\x00" in text:
            yield "nul", field, "holds U+0000, at which C readers end the text", quote(text)
        for separator, name in _SEPARATORS.items():
            if separator in text:
                yield "line-separator", field, f"holds {name}, at which some readers cut the line in two", quote(text)
        lone = next((char for char in text if "\ud800" <= char <= "\udfff"), None)
        if lone is not None:
            problem = f"holds U+{ord(lone):04X}, half of a surrogate pair, which is no character and cannot be encoded"
            yield "lone-surrogate", field, problem, quote(text)


def _not_utf8(raw: bytes, error: UnicodeDecodeError) -> str:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "not UTF-8 but UTF-16; save as UTF-8"
    return f"not UTF-8 at byte {error.start + 1} of the line ({error.reason}); was it saved as Latin-1 or cut in two?"


def _around(text: str, column: int) -> str:
    return quote(text[max(0, column - 11) : column + 20]) if column else ""


_STRING = r'"(?:[^"\\]++|\\.)*+"'


_BRACKETS = re.compile(_STRING.encode() + rb"|[\[\]{}]", re.DOTALL)


_KEYS = re.compile(rf"({_STRING})(\s*+:)?|[{{}}]", re.DOTALL)


_BARE = re.compile(rf'{_STRING}|([^\s"\[\]{{}}:,]+)', re.DOTALL)


def depth_of(raw: bytes, limit: int) -> tuple[int, int]:
    """Levels of the nesting and the column where it passes the limit; (0, 0) where it does not."""
    if raw.count(b"[") + raw.count(b"{") <= limit:
        return 0, 0
    level = deepest = column = 0
    for token in _BRACKETS.finditer(raw):
        opening = token.group()
        if opening in (b"[", b"{"):
            level += 1
            if level > deepest:
                deepest = level
                column = token.start() + 1 if level == limit + 1 else column
        elif opening in (b"]", b"}"):
            level -= 1
    return (deepest, column) if deepest > limit else (0, 0)


def repeated_keys(text: str) -> Iterator[tuple[str, int]]:
    """Key and column wherever an object has a key again, however it is spelled. The text is JSON, or nearly."""
    objects: list[set[str]] = []
    for token in _KEYS.finditer(text):
        spelled, colon = token.groups()
        if spelled is None:
            if token.group() == "{":
                objects.append(set())
            elif objects:
                objects.pop()
        elif colon and objects:
            try:
                key = json.loads(spelled)
            except json.JSONDecodeError:
                return
            if key in objects[-1]:
                yield key, token.start() + 1
            objects[-1].add(key)


class BareWords:
    """Columns of the numbers and words outside of strings in a line of JSON, in order. A parser's callback gets them in
    the same order, without their places."""

    def __init__(self, text: str) -> None:
        self._found = ((word.group(1), word.start() + 1) for word in _BARE.finditer(text) if word.group(1))

    def column(self, word: str) -> int:
        """Column of the next occurrence of `word`; 0 where there is no further one."""
        return next((column for found, column in self._found if found == word), 0)
