"""Tell the format of a data file by its first bytes, not by its name: lines of JSON, one JSON array, a table, or none
of these.

A file of a wrong format gets one finding with one mend. Reported line by line it would fill the screen with the same
fault.
"""

from __future__ import annotations

import csv
import gzip
import json
import re
import zlib
from dataclasses import dataclass
from pathlib import Path

from backports import zstd

from harness.dataset import file_encoding
from harness.dataset.source import GZIP_MAGIC, ZSTD_MAGIC
from harness.spec import data_place
from harness.spec.data_place import is_hub

LINES, ARRAY, CSV, PARQUET, ARROW, FOLDER, HUB, WRONG = (
    "lines of JSON", "JSON array", "CSV", "Parquet", "Arrow", "datasets folder", "hf: data set", "wrong",
)  # fmt: skip
"""Formats. All but the first are tables of rows, except `WRONG`, which cannot be read."""

HEAD = 256 * 2**10
"""First bytes of a file that are looked at."""

_MEND = "write one JSON object a line, as UTF-8"

_MAGIC = (
    (b"PK\x03\x04", "a zip archive", "unpack it and name a file of it"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel or Word file", "export the sheet as CSV in UTF-8"),
    (b"%PDF", "a PDF", "take its text out, and " + _MEND),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", "unpack it and name a file of it"),
    (b"Rar!", "a RAR archive", "unpack it and name a file of it"),
    (b"\xfd7zXZ\x00", "packed by xz", "unpack it, or pack it with gzip or zstd"),
    (b"BZh", "packed by bzip2", "unpack it, or pack it with gzip or zstd"),
    (b"\x04\x22\x4d\x18", "packed by lz4", "unpack it, or pack it with gzip or zstd"),
    (b"SQLite format 3\x00", "an SQLite database", "export its table as CSV in UTF-8"),
    (b"ORC", "an ORC table", "write it as Parquet"),
    (b"Obj\x01", "an Avro table", "write it as Parquet"),
    (b"\x89HDF", "an HDF5 file", "write its table as Parquet"),
    (b"\x93NUMPY", "a NumPy array", _MEND),
    (b"\x80\x02", "a pickle", "never unpickle what came from elsewhere; " + _MEND),
    (b"\x80\x04", "a pickle", "never unpickle what came from elsewhere; " + _MEND),
    (b"\x80\x05", "a pickle", "never unpickle what came from elsewhere; " + _MEND),
    (b"\x7fELF", "a program", "name a data file"),
    (b"\x89PNG", "a picture", "name a data file"),
    (b"\xff\xd8\xff", "a picture", "name a data file"),
    (b"GGUF", "a GGUF model", "name a data file"),
)  # fmt: skip
"""First bytes, what they are, and the mend."""

_OFFICE = ((b"xl/", "an Excel workbook", "export the sheet as CSV in UTF-8"),
           (b"word/", "a Word document", "take its text out, and " + _MEND))  # fmt: skip

_DELIMITERS = ",;\t|"


@dataclass(frozen=True, slots=True)
class FileFormat:
    name: str
    problem: str = ""
    """What is wrong, and the mend, where the format is `WRONG`."""
    delimiter: str = ""
    """Between the fields of a CSV file."""


def format_of(path: Path) -> FileFormat:
    """The format of a file, folder or ``hf:`` name. A file that cannot be opened counts as lines: their reader reports
    why."""
    if is_hub(path):
        return FileFormat(HUB)
    if path.is_dir():
        problem = data_place.folder_problem(path)
        return FileFormat(WRONG, problem) if problem else FileFormat(FOLDER)
    try:
        with path.open("rb") as stream:
            head = stream.read(HEAD)
            whole = len(head) < HEAD
    except OSError:
        return FileFormat(LINES)
    if head.startswith((GZIP_MAGIC, ZSTD_MAGIC)):
        head, whole = _unpacked(path, head)
    return _by_content(path, head, whole)


def _by_content(path: Path, head: bytes, whole: bool) -> FileFormat:
    if head.startswith(b"PAR1"):
        return FileFormat(PARQUET)
    if head.startswith(b"ARROW1"):
        return FileFormat(ARROW)
    named = _named(head) or file_encoding.foreign(head, whole)
    if named:
        what, mend = named
        return FileFormat(WRONG, f"is {what}; {mend}")
    text = head.decode("utf-8-sig", "replace")
    lines = [line for line in text.split("\n") if line.strip()]
    if not lines:
        return FileFormat(LINES)
    opening = lines[0].lstrip()[:1]
    if opening in ("{", "["):
        return _json(path, text, lines, whole)
    if path.name.lower().endswith((".csv", ".tsv", ".csv.gz", ".tsv.gz")):
        return FileFormat(CSV, delimiter=_delimiter(lines))
    if len(lines) > 1 and "\x00" not in text and "\ufffd" not in text and not _any_json(lines):
        return FileFormat(WRONG, _plain(path, lines))
    return FileFormat(LINES)


def _json(path: Path, text: str, lines: list[str], whole: bool) -> FileFormat:
    """`ARRAY` for a JSON array, `WRONG` for one object over several lines, else `LINES`."""
    opening, spread = lines[0].lstrip()[0], _spread(text, lines, whole)
    if opening == "{":
        if not spread:
            return FileFormat(LINES)
        problem = "is pretty-printed JSON, one record over several lines; write each in one line (jq -c . FILE)"
        return FileFormat(WRONG, problem)
    of_lines = re.search(r"\.(jsonl|ndjson)(\.\w+)?$", path.name.lower()) is not None
    least = 2 if of_lines else 1  # around a single object in a file of lines, brackets are a slip of its line
    if not spread and not (len(lines) == 1 and _array_of_objects(lines[0], whole, least)):
        return FileFormat(LINES)
    if of_lines:
        problem = "is one JSON array, not one object a line; name it .json and it is read as it is, or unpack it "
        return FileFormat(WRONG, problem + "(jq -c '.[]' FILE)")
    return FileFormat(ARRAY)


def _spread(text: str, lines: list[str], whole: bool) -> bool:
    """Whether the first JSON value goes on over several lines: it ends in a later one, or in what was not looked at."""
    if len(lines) < 2:
        return False
    start = len(text) - len(text.lstrip())
    try:
        _, end = json.JSONDecoder().raw_decode(text, start)
    except json.JSONDecodeError as error:
        if not whole and error.pos > len(text) - max(1024, len(lines[-1]) + 2):
            return True
        second = lines[1].lstrip()
        opened = lines[0].strip()
        return (opened == "{" and second[:1] == '"') or (opened == "[" and second[:1] in ("{", "["))
    except RecursionError:
        return False
    return "\n" in text[start:end]


def _array_of_objects(line: str, whole: bool, least: int) -> bool:
    """Whether a file's only line is a JSON array of at least `least` objects, however large the file is."""
    if not whole:
        return re.match(r"\s*\[\s*\{", line) is not None
    try:
        found = json.loads(line)
    except (json.JSONDecodeError, RecursionError):
        return False
    return isinstance(found, list) and sum(isinstance(entry, dict) for entry in found) >= least


def _any_json(lines: list[str]) -> bool:
    return any(line.lstrip()[:1] in ("{", "[") for line in lines)


def _named(head: bytes) -> tuple[str, str] | None:
    """(what it is, mend) for a file that is not made of records, by its first bytes; None where none fits."""
    if head.startswith(b"version https://git-lfs.github.com/spec/v1"):
        return "a pointer of Git LFS, and the data is not here", "fetch it: git lfs pull"
    if b"/annex/objects/" in head[:300]:
        return "a pointer of git-annex, and the data is not here", "fetch it: git annex get FILE"
    if head[257:262] == b"ustar":
        return "a tar archive", "unpack it and name a file of it"
    for magic, what, mend in _MAGIC:
        if head.startswith(magic):
            inside = next(((w, m) for part, w, m in _OFFICE if part in head), None) if magic[:2] == b"PK" else None
            return inside or (what, mend)
    opening = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:200].lower()
    if opening.startswith((b"<!doctype html", b"<html", b"<head", b"<body", b"<!--")):
        return "an HTML page, perhaps of a login or an error in place of the file", "download the file itself"
    if opening.startswith((b"<?xml", b"<svg", b"<rss")):
        return "XML", _MEND
    return None


def _plain(path: Path, lines: list[str]) -> str:
    delimiter = _delimiter(lines)
    try:
        rows = [row for row in csv.reader(lines[:20], delimiter=delimiter, strict=True) if row]
    except csv.Error:
        rows = []
    if len({len(row) for row in rows}) == 1 and len(rows[0]) > 1:
        columns = ", ".join(name.strip() for name in rows[0][:5])
        return f"looks like CSV with the columns {columns}; name it {path.stem}.csv and it is read as a table"
    return f"holds no JSON: it looks like plain text, beginning {lines[0].strip()[:40]!r}; {_MEND}"


def _delimiter(lines: list[str]) -> str:
    """The character between fields: the one that the header has most of."""
    return max(_DELIMITERS, key=lines[0].count) if any(one in lines[0] for one in _DELIMITERS) else ","


def _unpacked(path: Path, packed: bytes) -> tuple[bytes, bool]:
    """The first bytes of what an archive holds, and whether that is all; a broken one counts as empty lines."""
    try:
        if packed.startswith(GZIP_MAGIC):
            with gzip.open(path) as stream:
                head = stream.read(HEAD)
        else:
            with zstd.open(path) as stream:
                head = bytes(stream.read(HEAD))
    except (OSError, EOFError, zlib.error, zstd.ZstdError):
        return b"", True
    return head, len(head) < HEAD
