"""Kinds of records in a journal: written and read back by class, told by file and line where they are not known."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import MISSING, fields, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.errors import GreenrunError
from harness.gates import records
from harness.gates.entry import KINDS, Damaged, Entry, Record, Unreadable, every, last, last_or, parse
from harness.gates.gate import Gate
from harness.gates.records import Bye, Taint, Warned
from harness.gates.verdict import reach
from harness.report import rejudge
from harness.run import journal, retention
from harness.run.journal import Journal
from suites.selftest.report import small_run
from suites.selftest.report.small_run import journal as small_journal

HEAD = {"process": "gw0", "at": 5.0}
PLAIN = {"int": 3, "float": 1.5, "bool": True, "str": "text"}
"""A value for each type of a field; others are mappings or lists."""


def example(kind: type[Record]) -> Record:
    def value(annotation: str) -> Any:
        return PLAIN.get(annotation, {"a": 1} if annotation.startswith("Mapping") else ["a"])

    values = {one.name: value(str(one.type)) for one in fields(kind)}
    if kind is records.RunOpened:
        values["gates"] = [{"id": "x"}]
    return kind(**values)


WRITTEN = [kind for kind in KINDS.values() if kind not in (Damaged, Unreadable)]


@pytest.mark.parametrize("kind", WRITTEN, ids=lambda kind: kind.kind)
def test_every_kind_is_read_back_as_it_was_written(kind: type[Record], tmp_path: Path) -> None:
    record = example(kind)
    Journal(tmp_path / "main.jsonl", "main").write(record)
    (line,) = (json.loads(text) for text in (tmp_path / "main.jsonl").read_text(encoding="utf-8").splitlines())
    assert list(line) == ["kind", "process", "at", *(one.name for one in fields(kind))]
    assert [entry.record for entry in journal.read(tmp_path)] == [record]


@pytest.mark.parametrize("kind", WRITTEN, ids=lambda kind: kind.kind)
def test_a_record_that_lacks_a_field_or_holds_another_is_told_with_its_place(kind: type[Record]) -> None:
    whole = {"kind": kind.kind, **HEAD, **example(kind).content()}
    for one in fields(kind):
        entry = parse({name: value for name, value in whole.items() if name != one.name}, "gw0.jsonl:17")
        if one.default is MISSING:
            problem = f"gw0.jsonl:17: a record {kind.kind!r} lacks {one.name!r}; was it edited?"
            assert entry.record == Unreadable(problem)
        else:  # a field that came later: journals from before have none
            assert entry.record == replace(example(kind), **{one.name: one.default})
        spoilt = parse({**whole, one.name: None}, "gw0.jsonl:17").record
        assert spoilt == Unreadable(
            f"gw0.jsonl:17: a record {kind.kind!r} holds a NoneType as {one.name!r}; was it edited?"
        )
    more = parse({**whole, "extra": 1}, "gw0.jsonl:17").record
    assert isinstance(more, Unreadable)
    assert "holds 'extra', which it has no field for" in more.problem


def test_an_unknown_kind_is_told_with_the_nearest() -> None:
    entry = parse({"kind": "tain", **HEAD, "text": "lost"}, "gw0.jsonl:3")
    assert entry == Entry("gw0", 5.0, Unreadable("gw0.jsonl:3: unknown kind of record 'tain'; did you mean 'taint'?"))


def test_a_record_of_another_version_is_not_half_understood() -> None:
    known = parse({"kind": "taint", **HEAD, "version": 1, "text": "lost"}, "gw0.jsonl:3")
    newer = parse({"kind": "taint", **HEAD, "version": 2, "text": "lost"}, "gw0.jsonl:3")
    assert known.record == Taint("lost")
    assert isinstance(newer.record, Unreadable)
    assert "gw0.jsonl:3: a record 'taint' of version 2, and version 1 is read here" in newer.record.problem


any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
names = st.sampled_from(sorted({one.name for kind in KINDS.values() for one in fields(kind)} | {"version", "extra"}))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(
    kind=st.sampled_from(sorted(KINDS)) | st.text(max_size=5),
    content=st.dictionaries(names, any_json, max_size=4),
    at=any_json,
)
def test_whatever_stands_in_a_line_reading_it_raises_nothing(
    tmp_path: Path, kind: str, content: Mapping[str, Any], at: object
) -> None:
    (tmp_path / "gw0.jsonl").write_text(
        json.dumps({"kind": kind, **HEAD, "at": at, **content}) + "\n", encoding="utf-8"
    )
    (entry,) = journal.read(tmp_path)
    assert entry.record.kind in KINDS


UNKNOWN = {"kind": "gaet", "process": "main", "at": 30.0, "gate": "x"}


def test_a_green_run_with_a_record_that_nobody_can_read_is_not_released() -> None:
    gates: list[Gate] = list(small_run.GATES.values())
    lines = [parse(one, "main.jsonl:1") for one in small_journal()]
    assert reach(gates, lines).word == "released"
    verdict = reach(gates, [*lines, parse(UNKNOWN, "main.jsonl:40")])
    assert (verdict.word, verdict.reasons) == (
        "incomplete",
        ("main.jsonl:40: unknown kind of record 'gaet'; did you mean 'gate'?",),
    )


def test_a_run_with_such_a_record_is_not_reported_and_its_file_and_line_are_named(tmp_path: Path) -> None:
    folder = small_run.write(tmp_path / "run_1", [*small_journal(), UNKNOWN])
    with pytest.raises(GreenrunError, match=r"run_1/evidence/main\.jsonl:\d+: unknown kind of record 'gaet'"):
        rejudge.judge(folder)


def test_what_a_run_used_whose_journal_cannot_be_read_is_not_removed(tmp_path: Path) -> None:
    artifact = tmp_path / "store" / "adapter" / ("a" * 24)
    artifact.mkdir(parents=True)
    (artifact / "manifest.json").write_text("{}", encoding="utf-8")
    old = tmp_path / "runs" / "old" / "evidence" / "main.jsonl"
    old.parent.mkdir(parents=True)
    old.write_text(json.dumps({**UNKNOWN, "at": 1.0}) + "\n", encoding="utf-8")
    Journal(tmp_path / "runs" / "new" / "evidence" / "main.jsonl", "main").write(Warned("now"))
    assert [one.reason for one in retention.survey(tmp_path, 1)] == ["recent"]


def test_the_last_of_a_kind_counts_and_another_stands_for_none() -> None:
    lines = [Entry("main", float(n), Bye(n)) for n in range(3)]
    assert every(lines, Bye) == [Bye(0), Bye(1), Bye(2)]
    assert (last(lines, Bye), last(lines, Taint)) == (Bye(2), None)
    assert last_or(lines, Taint("none")) == Taint("none")
