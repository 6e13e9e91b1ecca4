"""Dirty files are accused of exactly what is wrong with them, at the right line; clean ones of nothing."""

from __future__ import annotations

import gzip
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from backports import zstd

from harness.dataset.findings import KEPT, SHOWN, Finding, Tally
from harness.dataset.line import MOST
from harness.dataset.scan import Plan, scan, scan_shared
from harness.dataset.source import Source
from harness.errors import DataError
from harness.project import ROOT
from harness.spec.data import Options
from suites.selftest.dataset.scanned import CLEAN, GOOD, told, written


@dataclass(frozen=True, slots=True)
class Dirt:
    """A defect that is planted into the third of five lines."""

    line: bytes
    check: str
    kind: str
    column: int
    field: str
    words: str


DIRT = {
    "latin-1": Dirt(b'{"text": "caf\xe9"}', "encoding", "not-utf8", 14, "", "at byte 14 of the line"),
    "utf-16": Dirt('\ufeff{"a": 1}'.encode("utf-16-le"), "encoding", "not-utf8", 1, "", "UTF-16"),
    "overlong": Dirt(b'{"text": "\xc0\xaf"}', "encoding", "not-utf8", 11, "", "not UTF-8"),
    "encoded-surrogate": Dirt(b'{"text": "\xed\xa0\x80"}', "encoding", "not-utf8", 11, "", "not UTF-8"),
    "bom-in-the-middle": Dirt(b"\xef\xbb\xbf" + GOOD, "encoding", "bom", 1, "", "byte order mark"),
    "nul-byte": Dirt(b'{"text": "a\x00b"}', "encoding", "nul", 12, "", "NUL byte"),
    "nul-escape": Dirt(b'{"text": "a\\u0000b"}', "encoding", "nul", 0, "text", "U+0000"),
    "lone-surrogate": Dirt(b'{"text": "a\\ud83d b"}', "encoding", "lone-surrogate", 0, "text", "U+D83D"),
    "lone-surrogate-in-a-key": Dirt(b'{"\\udc00": 1}', "encoding", "lone-surrogate", 0, "\\udc00(key)", "U+DC00"),
    "cr-lf": Dirt(GOOD + b"\r", "encoding", "crlf", len(GOOD) + 1, "", "CR LF"),
    "u2028": Dirt('{"text": "a\u2028b"}'.encode(), "encoding", "line-separator", 0, "text", "U+2028"),
    "u2029-escaped": Dirt(b'{"text": "a\\u2029b"}', "encoding", "line-separator", 0, "text", "U+2029"),
    "next-line": Dirt('{"a": {"b": ["x\x85y"]}}'.encode(), "encoding", "line-separator", 0, "a.b[0]", "U+0085"),
    "blank-line": Dirt(b"  ", "encoding", "blank-line", 0, "", "blank line"),
    "duplicate-key": Dirt(b'{"text": "a", "text": "b"}', "parse", "duplicate-key", 15, "text", "'text' stands twice"),
    "nested-duplicate-key": Dirt(b'{"a": [{"k": 1, "k": 1}]}', "parse", "duplicate-key", 17, "k", "stands twice"),
    "escaped-duplicate-key": Dirt(b'{"k": 1, "\\u006b": 2}', "parse", "duplicate-key", 10, "k", "stands twice"),
    "duplicate-key-beside-its-namesakes": Dirt(
        b'{"a": {"k": 1}, "b": "k", "c": {"k": "\\"k\\": 2", "k": 2}}',
        "parse",
        "duplicate-key",
        50,
        "k",
        "stands twice",
    ),
    "duplicate-key-with-colons": Dirt(b'{"k": ":", "k": "\\u003a"}', "parse", "duplicate-key", 12, "k", "twice"),
    "nan": Dirt(b'{"score": NaN}', "parse", "not-finite", 11, "", "NaN is not JSON"),
    "nan-beside-its-name": Dirt(
        b'{"NaN": "NaN is NaN", "n": [-0.5, NaN]}', "parse", "not-finite", 35, "", "NaN is not"
    ),
    "minus-infinity": Dirt(b'{"score": -Infinity}', "parse", "not-finite", 11, "", "-Infinity is not JSON"),
    "overflow": Dirt(b'{"score": 1e999}', "parse", "not-finite", 11, "", "beyond every double"),
    "huge-integer": Dirt(b'{"n": ' + b"9" * 5000 + b"}", "parse", "not-finite", 7, "", "5000 digits"),
    "cut": Dirt(b'{"text": "a', "parse", "not-json", 10, "", "not JSON at column 10"),
    "single-quotes": Dirt(b"{'text': 1}", "parse", "not-json", 2, "", "not JSON"),
    "two-objects": Dirt(b'{"a": 1}{"b": 2}', "parse", "not-json", 9, "", "Extra data"),
    "trailing-comma": Dirt(b'{"a": 1,}', "parse", "not-json", 9, "", "not JSON"),
    "raw-tab": Dirt(b'{"a": "x\ty"}', "parse", "not-json", 9, "", "control character"),
    "array": Dirt(b"[1, 2]", "parse", "not-object", 1, "", "got list"),
    "number": Dirt(b"7", "parse", "not-object", 1, "", "got int"),
    "deep": Dirt(b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "parse", "too-deep", 106, "", "100001 levels"),
    "deep-and-cut": Dirt(b"[" * 100_000, "parse", "too-deep", 101, "", "100000 levels"),
    "long": Dirt(b'{"a": "' + b"x" * 5000 + b'"}', "parse", "line-too-long", 0, "", "a line of 5009 bytes"),
    "empty-field": Dirt(b'{"text": ""}', "fields", "empty-field", 0, "text", "empty; text is expected"),
    "blank-field": Dirt(b'{"a": [{"b": " \\n\\t"}]}', "fields", "empty-field", 0, "a[0].b", "white space"),
    "wide-blank-field": Dirt('{"a": "\u3000\u2003"}'.encode(), "fields", "empty-field", 0, "a", "white space"),
    "zero-width-field": Dirt('{"a": " \u200b\ufeff"}'.encode(), "fields", "empty-field", 0, "a", "nothing visible"),
    "nameless-key": Dirt(b'{"": "x"}', "fields", "empty-field", 0, "(key)", "a key without a name"),
}


@pytest.mark.parametrize("name", DIRT)
def test_one_defect_gives_one_finding_at_its_place(name: str, tmp_path: Path) -> None:
    dirt = DIRT[name]
    path = written(tmp_path / "dirty.jsonl", [*CLEAN[:2], dirt.line, *CLEAN[3:]])
    limit = 2000 if name == "long" else Options().max_line_bytes
    found = scan(Plan(path, options=Options(max_line_bytes=limit)))
    assert told(found) == [(dirt.check, 3, dirt.kind)]
    (finding,) = found.tallies[dirt.check].kept
    assert (finding.path, finding.column, finding.field) == (path, dirt.column, dirt.field)
    assert dirt.words in finding.problem
    assert found.tallies[dirt.check].bad == 1


CUT = [("encoding", 0, "broken-archive"), ("parse", 0, "no-records")]
WHOLE_FILES = {
    "bom": (b"\xef\xbb\xbf" + GOOD + b"\n", [("encoding", 1, "bom")]),
    "no-final-newline": (GOOD + b"\n" + GOOD, [("encoding", 2, "no-final-newline")]),
    "empty-file": (b"", [("parse", 0, "no-records")]),
    "only-blank-lines": (b"\n", [("encoding", 1, "blank-line"), ("parse", 0, "no-records")]),
    "cut-gzip": (gzip.compress(GOOD * 100 + b"\n")[:-12], CUT),
    "junk-after-gzip": (gzip.compress(GOOD + b"\n") + b"junk", [("encoding", 0, "broken-archive")]),
    "cut-zstd": (zstd.compress(GOOD + b"\n")[:-4], CUT),
}


@pytest.mark.parametrize("name", WHOLE_FILES)
def test_a_defect_of_the_whole_file_is_named(name: str, tmp_path: Path) -> None:
    content, expected = WHOLE_FILES[name]
    path = tmp_path / "whole.jsonl"
    path.write_bytes(content)
    assert told(scan(Plan(path))) == expected


def test_a_missing_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"absent\.jsonl: cannot be read"):
        scan(Plan(tmp_path / "absent.jsonl"))


@pytest.mark.parametrize("pack", [gzip.compress, zstd.compress, bytes], ids=["gzip", "zstd", "plain"])
def test_archives_are_read_as_what_they_hold(pack: Callable[[bytes], bytes], tmp_path: Path) -> None:
    path = tmp_path / "packed.jsonl"
    half = len(CLEAN) // 2
    parts = [b"".join(line + b"\n" for line in lines) for lines in (CLEAN[:half], [*CLEAN[half:], b"[]"])]
    path.write_bytes(b"".join(map(pack, parts)))  # archives may be joined, as files may
    found = scan(Plan(path))
    assert (found.records, told(found)) == (6, [("parse", 6, "not-object")])


@pytest.mark.parametrize("pack", [gzip.compress, zstd.compress], ids=["gzip", "zstd"])
def test_a_decompression_bomb_is_left_early(pack: Callable[[bytes], bytes], tmp_path: Path) -> None:
    path = tmp_path / "bomb.jsonl"
    path.write_bytes(pack(b"0" * 40_000_000))
    found = scan(Plan(path, options=Options(max_line_bytes=10_000, max_unpacked_bytes=10_000_000)), block=2**16)
    assert told(found) == [("encoding", 0, "bomb"), ("parse", 0, "no-records")]


def test_a_line_that_is_too_long_is_never_held(tmp_path: Path) -> None:
    path = written(tmp_path / "long.jsonl", [GOOD, b"x" * 3_000_000, GOOD, b"[]"])
    source = Source(path, Options(max_line_bytes=1000), block=4096)
    assert max(len(block.data) for block in source.blocks()) < 3 * 4096
    found = scan(Plan(path, options=Options(max_line_bytes=1000)), block=4096)
    assert told(found) == [("parse", 2, "line-too-long"), ("parse", 4, "not-object")]
    assert "3000000 bytes" in found.tallies["parse"].kept[0].problem


LINE = 2**18
CROWDED = {
    "blanks": (b'{"a": "' + b" " * LINE + b'x"}', {}),
    "empty-texts": (b'{"a": [' + b'"",' * (LINE // 3) + b"1]}", {"empty-field": MOST}),
    "numbers-that-are-none": (b'{"a": [' + b"NaN," * (LINE // 4) + b"1]}", {"not-finite": MOST}),
    "keys-that-stand-twice": (b'{"a": 0' + b', "b": 1, "a": 2' * (LINE // 16) + b"}", {"duplicate-key": MOST}),
    "wide": (b'{"a": [' + b"[]," * (LINE // 3) + b"[]]}", {}),
}


@pytest.mark.parametrize("name", CROWDED)
def test_a_line_of_a_million_defects_takes_seconds_and_tells_the_first(name: str, tmp_path: Path) -> None:
    line, expected = CROWDED[name]
    path = written(tmp_path / "crowded.jsonl", [GOOD, line, b"[]"])
    started = time.process_time()
    found = scan(Plan(path))
    assert time.process_time() - started < 60  # where the work grows with the square, it is hours
    counts = sum((tally.counts for tally in found.tallies.values()), Counter())
    assert counts == {**expected, "not-object": 1}


def test_the_worst_of_lines_fits_in_memory(tmp_path: Path) -> None:
    """Blanks that a pattern remembers one by one would take a gigabyte.

    The peak is the kernel's VmHWM: getrusage's begins with that of the process that was forked, a test worker.
    """
    room = Options().max_line_bytes - 100
    blanks, numbers = b'{"a": "' + b" " * room + b'x"}', b'{"a": [' + b"1," * (room // 2) + b"1]}"
    path = written(tmp_path / "worst.jsonl", [blanks, numbers])
    code = (
        "import re; from pathlib import Path; from harness.dataset.scan import Plan, scan; "
        f"print(scan(Plan(Path({str(path)!r}))).records, "
        "re.search(r'VmHWM:\\s*(\\d+) kB', Path('/proc/self/status').read_text())[1])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    records, kibibytes = map(int, done.stdout.split())
    assert records == 2
    assert kibibytes < 300 * 1024


def test_a_file_that_changes_while_it_is_read_is_accused(tmp_path: Path) -> None:
    path = written(tmp_path / "busy.jsonl", CLEAN * 100)
    source = Source(path, block=512)
    blocks = source.blocks()
    next(blocks)
    with path.open("ab") as stream:
        stream.write(GOOD + b"\n")
    for _ in blocks:
        pass
    assert [finding.kind for finding in source.findings] == ["changed"]


def test_the_digest_is_that_of_the_stored_bytes(tmp_path: Path) -> None:
    from harness.store import digests

    path = tmp_path / "packed.jsonl"
    path.write_bytes(gzip.compress(GOOD + b"\n"))
    assert scan(Plan(path)).digest == digests.of_file(path)


def test_a_kind_that_the_spec_allows_is_no_defect(tmp_path: Path) -> None:
    path = written(tmp_path / "windows.jsonl", [line + b"\r" for line in CLEAN])
    assert told(scan(Plan(path, options=Options(allow=frozenset({"crlf"}))))) == []


def test_an_unreadable_line_is_judged_once_and_told_by_the_later_checks(tmp_path: Path) -> None:
    path = written(tmp_path / "dirty.jsonl", [GOOD, b"\xff"])
    found = scan(Plan(path))
    assert {check: (tally.total, tally.bad, found.unread[check]) for check, tally in found.tallies.items()} == {
        "encoding": (1, 1, 0),
        "parse": (0, 0, 1),
        "fields": (0, 0, 1),
    }
    assert found.note("fields") == (
        "1 line could not be read and counts for nothing here: the gates of encoding and parse say why"
    )


def test_an_empty_text_that_the_schema_names_is_complete(tmp_path: Path) -> None:
    schema = tmp_path / "schema.json"
    schema.write_text('{"properties": {"to": {"enum": ["", "Kofi"]}, "from": {"type": "string"}}}')
    path = written(tmp_path / "a.jsonl", [b'{"to": "", "from": ""}'])
    assert [finding.field for finding in scan(Plan(path, schema)).tallies["fields"].kept] == ["from"]


def test_a_schema_never_reaches_out_of_its_file(tmp_path: Path) -> None:
    schema = tmp_path / "schema.json"
    schema.write_text('{"$ref": "http://192.0.2.1/never.json"}')
    with pytest.raises(DataError, match="not a JSON Schema that can be compiled"):
        scan(Plan(written(tmp_path / "a.jsonl", CLEAN), schema))


def test_findings_are_counted_in_full_and_kept_in_part(tmp_path: Path) -> None:
    path = written(tmp_path / "bad.jsonl", [b"[]"] * (KEPT + 500))
    tally = scan(Plan(path), block=1000).tallies["parse"]
    assert (tally.total, tally.bad, len(tally.kept)) == (KEPT + 500, KEPT + 500, KEPT)
    shown = list(tally.shown())
    assert len(shown) == SHOWN + 1
    assert shown[-1] == f"... and {KEPT + 480} more not-object ({KEPT + 500} in all)"


def test_tallies_of_parts_are_that_of_the_whole() -> None:
    found = [Finding(Path("a"), number, "", "odd", f"kind-{number % 2}") for number in range(3 * KEPT)]
    whole, parts = Tally(), Tally()
    for finding in found:
        whole.add((finding,))
        part = Tally()
        part.add((finding,))
        parts.merge(part)
    assert parts == whole


def test_processes_find_what_one_finds(tmp_path: Path) -> None:
    lines = [*CLEAN * 200, b"[]", *CLEAN * 200, b"\xff", GOOD]
    plan = Plan(written(tmp_path / "large.jsonl", lines))
    assert scan_shared(plan, block=8192) == scan(plan)
