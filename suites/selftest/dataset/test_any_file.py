"""Any clean file, spoiled in any one way, is accused of just that; order, packing and blocks change nothing."""

from __future__ import annotations

import gzip
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

from backports import zstd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.dataset.line import MAX_DEPTH, examine, plausible
from harness.dataset.records import parse_lines
from harness.dataset.scan import Plan, scan
from harness.spec.data import Options
from suites.selftest.dataset.scanned import CLEAN, GOOD, told, written

ONE_FILE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip
PLAIN_TEXT = st.text(st.characters(blacklist_categories=["Cs", "Zl", "Zp"], blacklist_characters="\x00\x85")).map(
    "a".__add__
)
"""Texts with at least one visible character: an invisible text is a defect of its own."""
CLEAN_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats(allow_nan=False, allow_infinity=False)
    | PLAIN_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(PLAIN_TEXT, inner, max_size=3),
    max_leaves=8,
)  # fmt: skip
CLEAN_RECORDS = st.lists(st.dictionaries(PLAIN_TEXT, CLEAN_VALUES, max_size=4), min_size=1, max_size=5)

CORRUPTIONS: dict[str, Callable[[bytes, int], bytes]] = {
    "not-utf8": lambda line, at: line[:at] + b"\xff" + line[at:],
    "bom": lambda line, at: b"\xef\xbb\xbf" + line,
    "crlf": lambda line, at: line + b"\r",
    "nul": lambda line, at: line[: at if line.isascii() else 0] + b"\x00" + line[at if line.isascii() else 0 :],
    "not-json": lambda line, at: line[:-1],
    "not-object": lambda line, at: b"[" + line + b"]",
    "duplicate-key": lambda line, at: b'{"twice": 1, "twice": ' + line + b"}",
    "not-finite": lambda line, at: b'{"number": [NaN, ' + line + b"]}",
    "lone-surrogate": lambda line, at: b'{"half": "\\ud800", "rest": ' + line + b"}",
    "line-separator": lambda line, at: b'{"cut": "a\xe2\x80\xa8b", "rest": ' + line + b"}",
    "empty-field": lambda line, at: b'{"gap": "", "rest": ' + line + b"}",
    "too-deep": lambda line, at: b'{"a":' * MAX_DEPTH + line + b"}" * MAX_DEPTH,
}


PLACE = "the place of the defect"
INSIDE: dict[str, tuple[str, str]] = {
    "not-finite": ("not-finite", "-Infinity"),
    "overflow": ("not-finite", "-1e999"),
    "repeated-key": ("duplicate-key", '{"k": 1, "l": {"k": 2}, "\\u006b": 3}'),
    "half-a-surrogate-pair": ("lone-surrogate", '"a\\ude00b"'),
    "nul": ("nul", '"a\\u0000b"'),
    "separator": ("line-separator", '"a\\u2029b"'),
    "empty": ("empty-field", '""'),
    "blank": ("empty-field", '" \\t\u3000"'),
    "too-deep": ("too-deep", "[" * MAX_DEPTH + "]" * MAX_DEPTH),
    "no-value": ("not-json", ","),
    "bare-word": ("not-json", "None"),
    "single-quotes": ("not-json", "'text'"),
    "leading-zero": ("not-json", "007"),
    "raw-control-character": ("not-json", '"a\tb"'),
    "bad-escape": ("not-json", '"\\x"'),
}
"""Defect -> its kind, and a value of that defect, which may stand wherever JSON has a value."""


@st.composite
def with_a_place(draw: st.DrawFn) -> dict[str, Any]:
    """A clean record that holds `PLACE` as one of its values, at any depth."""
    value: Any = PLACE
    for _ in range(draw(st.integers(0, 4))):
        if draw(st.booleans()):
            before, after = draw(st.lists(CLEAN_VALUES, max_size=2)), draw(st.lists(CLEAN_VALUES, max_size=2))
            value = [*before, value, *after]
        else:
            value = {**draw(st.dictionaries(PLAIN_TEXT, CLEAN_VALUES, max_size=2)), "way": value}
    return {**draw(st.dictionaries(PLAIN_TEXT, CLEAN_VALUES, max_size=2)), "way": value}


@ONE_FILE
@given(records=CLEAN_RECORDS, spoilt=with_a_place(), name=st.sampled_from(sorted(INSIDE)), choice=st.data())
def test_a_defect_is_found_wherever_a_value_may_stand(
    records: list[Any], spoilt: dict[str, Any], name: str, choice: st.DataObject, tmp_path: Path
) -> None:
    kind, defect = INSIDE[name]
    lines = [json.dumps(record, ensure_ascii=choice.draw(st.booleans())) for record in records]
    number = choice.draw(st.integers(1, len(lines) + 1))
    lines.insert(number - 1, json.dumps(spoilt, ensure_ascii=False).replace(json.dumps(PLACE), defect))
    path = written(tmp_path / "spoilt.jsonl", [line.encode() for line in lines])
    assert [(line, what) for _, line, what in told(scan(Plan(path)))] == [(number, kind)]


@ONE_FILE
@given(records=CLEAN_RECORDS, choice=st.data())
def test_a_line_that_is_cut_anywhere_is_found(records: list[Any], choice: st.DataObject, tmp_path: Path) -> None:
    lines = [json.dumps(record).encode() for record in records]
    number = choice.draw(st.integers(1, len(lines)))
    lines[number - 1] = lines[number - 1][: choice.draw(st.integers(1, len(lines[number - 1]) - 1))]
    found = told(scan(Plan(written(tmp_path / "cut.jsonl", lines))))
    assert [(line, what) for _, line, what in found] == [(number, "not-json")]


@ONE_FILE
@given(cut=st.floats(0, 1, exclude_max=True), pack=st.sampled_from([gzip.compress, zstd.compress]))
def test_an_archive_that_is_cut_anywhere_is_accused(cut: float, pack: Callable[[bytes], bytes], tmp_path: Path) -> None:
    whole = pack(b"".join(line + b"\n" for line in CLEAN * 20))
    path = tmp_path / "cut.jsonl"
    path.write_bytes(whole[: int(cut * len(whole))])
    assert told(scan(Plan(path)))


@ONE_FILE
@given(lines=st.lists(st.sampled_from([*CLEAN, b"[]", b"\xff", b'{"a": ""}', GOOD + b"\r"]), min_size=1),
       pack=st.sampled_from([gzip.compress, zstd.compress]), choice=st.data())  # fmt: skip
def test_order_and_packing_change_no_verdict(
    lines: list[bytes], pack: Callable[[bytes], bytes], choice: st.DataObject, tmp_path: Path
) -> None:
    order = choice.draw(st.permutations(range(len(lines))))
    plain = told(scan(Plan(written(tmp_path / "plain.jsonl", lines))))
    packed = written(tmp_path / "packed.jsonl", [lines[at] for at in order])
    packed.write_bytes(pack(packed.read_bytes()))
    moved = [(check, order[line - 1] + 1, kind) for check, line, kind in told(scan(Plan(packed)))]
    assert sorted(moved) == sorted(plain)


@ONE_FILE
@given(records=CLEAN_RECORDS, ascii_only=st.booleans(), block=st.integers(1, 200))
def test_clean_files_are_never_accused(records: list[Any], ascii_only: bool, block: int, tmp_path: Path) -> None:
    lines = [json.dumps(record, ensure_ascii=ascii_only).encode() for record in records]
    found = scan(Plan(written(tmp_path / "clean.jsonl", lines)), block)
    assert (told(found), found.records) == ([], len(records))


@ONE_FILE
@given(records=CLEAN_RECORDS, kind=st.sampled_from(sorted(CORRUPTIONS)), choice=st.data())
def test_any_single_corruption_is_found_at_its_line(
    records: list[Any], kind: str, choice: st.DataObject, tmp_path: Path
) -> None:
    lines = [json.dumps(record, ensure_ascii=choice.draw(st.booleans())).encode() for record in records]
    number = choice.draw(st.integers(1, len(lines)))
    at = choice.draw(st.integers(0, len(lines[number - 1])))
    lines[number - 1] = CORRUPTIONS[kind](lines[number - 1], at)
    found = told(scan(Plan(written(tmp_path / "corrupt.jsonl", lines))))
    assert [(line, what) for _, line, what in found] == [(number, kind)]


@ONE_FILE
@given(lines=st.lists(st.sampled_from([*CLEAN, b"[]", b"", b"\xff", b"x" * 300, GOOD + b"\r"]), max_size=12),
       ended=st.booleans(), block=st.integers(1, 400))  # fmt: skip
def test_block_boundaries_change_nothing(lines: list[bytes], ended: bool, block: int, tmp_path: Path) -> None:
    path = written(tmp_path / "any.jsonl", lines, b"\n" if ended else b"")
    plan = Plan(path, options=Options(max_line_bytes=200))
    assert scan(plan, block) == scan(plan)


@ONE_FILE
@given(record=st.dictionaries(st.text(), JSON_VALUES, max_size=4), ascii_only=st.booleans())
def test_what_the_quick_reader_vouches_for_is_sound(record: dict[str, Any], ascii_only: bool) -> None:
    raw = json.dumps(record, ensure_ascii=ascii_only).encode("utf-8")
    if plausible(raw) is not None:
        examined = examine(Path("a"), 1, raw)
        assert (examined.record, examined.findings) == (record, ())


@ONE_FILE
@given(raw=st.binary(max_size=40) | st.text(alphabet='{}[]":,\\u0093adk1e.- \n\r\t\x00', max_size=40).map(str.encode))
def test_no_bytes_bring_a_reader_down(raw: bytes) -> None:
    quick = plausible(raw)
    examined = examine(Path("a"), 1, raw)
    assert quick is None or examined.findings == ()
    assert examined.record is not None or examined.findings


@ONE_FILE
@given(record=st.dictionaries(st.text(), JSON_VALUES, max_size=4))
def test_any_object_round_trips_to_the_last_digit(record: dict[str, Any], tmp_path: Path) -> None:
    path = written(tmp_path / "any.jsonl", [json.dumps(record).encode()])
    ((_, read),) = parse_lines(path)
    assert read == record
    assert all(type(read[key]) is type(value) for key, value in record.items())
    assert not any(isinstance(value, float) and math.isinf(value) for value in read.values())
