"""The journal survives what a run may do to it, and whatever is written to it comes back as plain JSON."""

from __future__ import annotations

import enum
import itertools
import json
import multiprocessing
import os
import signal
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from execnet import dumps
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from harness.gates.entry import Damaged, every
from harness.gates.records import Hello, Noise, Warned
from harness.plugin.plain_reports import clean_serialized
from harness.run import journal as evidence
from harness.run.journal import Journal
from harness.run.plain import MAX_TEXT, plain

any_text = st.text(st.characters(codec=None, categories=None), max_size=20)
"""Texts of any characters, lone surrogates included."""


class Colour(enum.Enum):
    RED = object()


class Level(enum.IntEnum):
    HIGH = 3


class Word(enum.StrEnum):
    YES = "yes"


class TensorOfOne:
    """A tensor without dimensions, as torch has it, without the two seconds that importing torch takes."""

    ndim = 0

    def __init__(self, value: object) -> None:
        self._value = value

    def __repr__(self) -> str:
        return f"tensor({self._value})"

    def item(self) -> object:
        return self._value


class TensorWithoutData(TensorOfOne):
    """A tensor without data, as on torch's meta device."""

    def item(self) -> object:
        raise RuntimeError("Tensor.item() cannot be called on meta tensors")


class Shy:
    def __repr__(self) -> str:
        raise RuntimeError("not shown")


scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    any_text,
    st.binary(max_size=20),
    any_text.map(np.str_),
    st.floats(width=32).map(np.float32),
    st.floats().map(np.float64),
    st.floats(width=16).map(np.float16),
    st.integers(-(2**63), 2**63 - 1).map(np.int64),
    st.integers(0, 255).map(np.uint8),
    st.booleans().map(np.bool_),
    st.floats().map(TensorOfOne),
    st.floats().map(np.array),
    st.lists(st.floats(), max_size=3).map(np.array),
    st.complex_numbers(),
    st.datetimes(),
    st.sampled_from([Colour.RED, Level.HIGH, Word.YES, Path("a/b"), bytearray(b"x"), range(3), object()]),
)
keys = st.one_of(any_text, st.integers(), st.binary(max_size=5), st.sampled_from([Level.HIGH, Word.YES]))
nests = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(keys, inner, max_size=4),
        st.frozensets(st.one_of(st.integers(), any_text), max_size=4),
    ),
    max_leaves=12,
)


def assert_carried(value: object) -> None:
    """Assert that a value survives JSON, and that xdist can send it."""
    cleaned = plain(value)
    assert json.loads(json.dumps(cleaned, allow_nan=False, ensure_ascii=False).encode("utf-8")) == cleaned
    dumps(cleaned)


@given(value=nests)
def test_any_nest_becomes_json_that_round_trips(value: object) -> None:
    cleaned = plain(value)
    assert json.loads(json.dumps(cleaned, allow_nan=False, ensure_ascii=False).encode("utf-8")) == cleaned


@given(value=nests)
@example(-(2**31) - 1)
def test_any_nest_in_a_report_becomes_what_xdist_can_send(value: object) -> None:
    """Execnet takes no integer below -2**31, and a worker that cannot send its report breaks off."""
    dumps(clean_serialized(value))


@pytest.mark.parametrize(
    "value",
    [np.longdouble(0.5), np.clongdouble(0.5), TensorWithoutData(0), Shy(), {Shy(): 1}, 10**5000],
    ids=["longdouble", "clongdouble", "meta tensor", "failing repr", "failing key", "endless integer"],
)
def test_value_that_cannot_be_shown_is_still_recorded(value: object) -> None:
    assert_carried(value)


def test_list_that_holds_itself_is_still_recorded() -> None:
    endless: list[Any] = [1]
    endless.append(endless)
    assert_carried(endless)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.float32(0.5), 0.5),
        (np.int64(7), 7),
        (np.bool_(True), True),
        (np.str_("word"), "word"),
        (np.array(0.25), 0.25),
        (TensorOfOne(0.75), 0.75),
        (Level.HIGH, 3),
        (Word.YES, "yes"),
        (Path("a/b"), "a/b"),
        (float("nan"), "nan"),
        ((1, (2, 3)), [1, [2, 3]]),
        ({1: "one"}, {"1": "one"}),
    ],
    ids=repr,
)
def test_value_keeps_its_meaning(value: object, expected: object) -> None:
    assert plain(value) == expected
    assert type(plain(value)) is type(expected)


def test_text_of_megabytes_is_cut_and_says_how_long_it_was() -> None:
    cut = plain("x" * 10_000_000)
    assert len(cut) < MAX_TEXT + 100
    assert cut.endswith("... (10000000 characters in all)")


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "evidence" / "gw0.jsonl", "gw0")


def test_record_is_read_back_as_it_was_written(journal: Journal) -> None:
    record = Noise({"value": 0.1 + 0.2, "text": "Öl\n\u2028", "nothing": None})
    before = time.time()
    journal.write(record)
    (entry,) = evidence.read(journal.path.parent)
    assert (entry.process, entry.record) == ("gw0", record)
    assert before <= entry.at <= time.time()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(texts=st.lists(any_text, min_size=1, max_size=4), share=st.floats(0.0, 1.0))
def test_journal_cut_at_any_byte_keeps_every_complete_record(journal: Journal, texts: list[str], share: float) -> None:
    journal.path.unlink(missing_ok=True)
    for text in texts:
        journal.write(Warned(text))
    whole = evidence.read(journal.path.parent)
    written = journal.path.read_bytes()
    cut = written[: round(share * len(written))]
    journal.path.write_bytes(cut)
    assert evidence.read(journal.path.parent) == whole[: cut.count(b"\n")]


def test_journal_cut_at_every_byte_in_turn_keeps_the_records_before_it(journal: Journal) -> None:
    for text in ("plain", "Öl\n\u2028", "x" * 80):
        journal.write(Warned(text))
    whole, written = evidence.read(journal.path.parent), journal.path.read_bytes()
    for offset in range(len(written) + 1):
        journal.path.write_bytes(written[:offset])
        assert evidence.read(journal.path.parent) == whole[: written[:offset].count(b"\n")]


def _write_until_killed(journal: Journal, told: Connection) -> None:
    for number in itertools.count():
        journal.write(Hello(number))
        told.send_bytes(b".")


def test_records_of_a_killed_writer_are_all_there_as_soon_as_it_went_on(tmp_path: Path) -> None:
    """Whatever was written before the next thing happened is read back, whole."""
    fork = multiprocessing.get_context("fork")
    for attempt in range(10):
        journal = Journal(tmp_path / str(attempt) / "gw0.jsonl", "gw0")
        ours, theirs = fork.Pipe(duplex=False)
        writer = fork.Process(target=_write_until_killed, args=(journal, theirs))
        writer.start()
        theirs.close()
        acknowledged = 0
        for _ in range(5 + attempt):
            acknowledged += len(ours.recv_bytes())
        os.kill(writer.pid or 0, signal.SIGKILL)
        writer.join(30)
        numbers = [hello.pid for hello in every(evidence.read(journal.path.parent), Hello)]
        assert len(numbers) >= acknowledged
        assert numbers == list(range(len(numbers)))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(length=st.integers(1, 60))
def test_record_written_after_a_torn_one_does_not_hide_the_damage(journal: Journal, length: int) -> None:
    journal.path.unlink(missing_ok=True)
    journal.write(Warned("torn"))
    journal.path.write_bytes(journal.path.read_bytes()[:length])
    journal.write(Warned("swallowed by the torn one"))
    journal.write(Warned("after"))
    records = evidence.read(journal.path.parent)
    assert [entry.record.kind for entry in records] == ["damaged", "warning"]
    assert records[0].process == "gw0"


@pytest.mark.parametrize(
    "line",
    [
        "1",
        "[]",
        "null",
        "{}",
        '{"kind": "bye"}',
        '{"kind": "bye", "process": "gw0"}',
        '{"kind": "bye", "process": "gw0", "at": NaN}',
        '{"kind": "bye", "process": "gw0", "at": 1e300}',
        '{"kind": "bye", "process": "gw0", "at": -1}',
        "\ufeff{",
    ],
)
def test_line_that_is_no_record_is_reported_as_damage(journal: Journal, line: str) -> None:
    journal.write(Warned("before"))
    with journal.path.open("a", encoding="utf-8") as stream:
        stream.write(f"{line}\n")
    entries = evidence.read(journal.path.parent)
    assert sorted(entry.record.kind for entry in entries) == ["damaged", "warning"]
    assert [damaged.place for damaged in every(entries, Damaged)] == ["gw0.jsonl:2"]


def test_records_of_all_processes_come_in_the_order_of_their_time(tmp_path: Path) -> None:
    first, second = Journal(tmp_path / "main.jsonl", "main"), Journal(tmp_path / "gw0.jsonl", "gw0")
    for number, writer in enumerate([first, second, first, second]):
        writer.write(Hello(number))
    assert [hello.pid for hello in every(evidence.read(tmp_path), Hello)] == [0, 1, 2, 3]


def test_run_that_wrote_nothing_has_no_records(tmp_path: Path) -> None:
    assert evidence.read(tmp_path / "evidence") == []
