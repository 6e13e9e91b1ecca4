"""What a run shows: one screen before it starts, where it is, and its gates with what is red first."""

from __future__ import annotations

import os
import pty
import re
import select
import time
from pathlib import Path
from typing import TextIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures import opening
from harness.gates.entry import parse
from harness.gates.gate import Outcome
from harness.gates.verdict import Verdict, reach
from harness.report import gate_table
from harness.run import progress
from harness.run.progress import Gates, Watcher, line, reporter
from harness.text.columns import columns_of, cut, folded
from suites.selftest.report.small_run import GATES, journal
from suites.tiny.child import Finished, Line, release

STATES = [
    {"stage": "train v3b multitask", "done": 24, "total": 45, "started": 100.0, "at": 124.0},
    {"stage": "answer 潮汐 " * 9, "done": 0, "total": 9, "started": 100.0, "at": 101.0},
]


def verdict(**outcomes: Outcome) -> Verdict:
    return reach(tuple(GATES.values()), [parse(record, "main.jsonl:1") for record in journal(**outcomes)])


@given(st.text(alphabet="ab 潮汐-", max_size=60), st.integers(6, 40))
def test_folded_text_fits_and_loses_nothing(text: str, width: int) -> None:
    lines = folded(text, width, "  ")
    assert all(columns_of(one) <= width for one in lines if one.strip())
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert columns_of(cut(text, width)) <= width


def test_what_blocks_the_release_stands_first_and_what_passed_last() -> None:
    shown = verdict(mount="failed", data="inconclusive", single="failed", bundle="error")
    rows = list(gate_table.rows(shown))
    names = [row.lines[0].split()[1] for row in rows[:-1]]
    first = [GATES[name].id for name in ("mount", "bundle", "data", "single")]
    assert names[:4] == first
    assert [row.colour for row in rows[:4]] == ["red", "red", "yellow", "yellow"]
    assert rows[-1].lines == ["7 gates: 2 failed, 1 error, 1 inconclusive, 3 passed"]


@pytest.mark.parametrize("width", [20, 40, 80, 200])
def test_no_line_of_the_gate_table_is_wider_than_the_terminal(width: int) -> None:
    lines = [text for row in gate_table.rows(verdict(mount="failed"), width) for text in row.lines]
    assert max(map(columns_of, lines)) <= width
    assert GATES["candidate"].id in "".join(lines).replace(" ", "") or width >= 80


@pytest.mark.parametrize("width", [20, 40, 59, 60, 120, None])
def test_a_line_of_progress_fits_and_says_how_many_gates(width: int | None) -> None:
    gates = Gates(150)
    gates.judged(red=False)
    gates.judged(red=True)
    told = line(192.0, 1000.0, gates, STATES, width)
    assert "2/150 gates, 1 red" in told
    assert width is None or columns_of(told) <= width
    if width is None:
        assert told.startswith("3 min of about 17 min, ")
        assert "train v3b multitask: 24/45, 1.0/s, 21 s to go" in told


def watched(tmp_path: Path, stream: TextIO, seconds: float) -> None:
    reporter(tmp_path / "progress", "gw0", "train long both")(3, 9)
    watcher = Watcher(tmp_path / "progress", stream, Gates(5))
    watcher.start()
    time.sleep(seconds)
    watcher.stop()


def test_a_log_gets_plain_lines_and_none_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert progress.PLAIN_EVERY >= 60
    monkeypatch.setattr(progress, "PLAIN_EVERY", 0.05)
    with (tmp_path / "log").open("w+") as stream:
        watched(tmp_path, stream, 0.6)
        lines = (tmp_path / "log").read_text().splitlines()
    assert len(lines) == 1
    assert "0/5 gates | train long both: 3/9" in lines[0]
    assert not {"\r", "\x1b"} & set(lines[0])


@pytest.mark.parametrize(("ci", "rewritten"), [("", True), ("true", False)])
def test_a_terminal_has_one_line_that_is_gone_at_the_end_but_for_a_job_of_ci(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ci: str, rewritten: bool
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("CI", ci)
    monkeypatch.setattr(progress, "PLAIN_EVERY", 0.05)
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w") as stream:
        watched(tmp_path, stream, 0.8)
        shown = ""
        while select.select([ours], [], [], 0.3)[0]:
            shown += os.read(ours, 65536).decode()
    os.close(ours)
    assert "0/5 gates" in shown
    assert shown.endswith("\r\x1b[2K") is rewritten
    assert ("\x1b" in shown) is rewritten


def test_a_watcher_that_never_began_stops(tmp_path: Path) -> None:
    with (tmp_path / "log").open("w+") as stream:
        Watcher(tmp_path, stream, Gates(0)).stop()


def test_what_depends_on_the_choice_is_told_apart_from_what_is_built_and_reused() -> None:
    work = [
        ("base model", object(), 30.0),
        ("adapter short both", object(), 60.0),
        ("adapter long both", None, 120.0),
        ("answers long both sea dev", None, 30.0),
        ("answers of the chosen experiment on the benchmark", None, 12.0),
    ]
    assert list(opening.building(work)) == [
        "reused: 1 base model, 1 adapter",
        "built: 1 adapter, 1 list of answers, about 2 min",
        "then, where the store lacks it, about 12 s:",
        "  answers of the chosen experiment on the benchmark",
    ]


def test_a_run_opens_with_what_it_judges_and_its_log_holds_no_dots_and_no_control_characters(green: Finished) -> None:
    assert "release tiny: " in green.output
    gates = green.verdict["gates"]
    block = sum(gate["blocking"] for gate in gates)
    assert f"judged: {len(gates)} gates, {block} block and {len(gates) - block} advise" in green.output
    assert re.search(r"^(built|reused): 1 base model", green.output, re.MULTILINE)
    assert re.search(r"^built: .*2 adapters", green.output, re.MULTILINE)
    assert not {"\r", "\x1b"} & set(green.output)
    assert "....." not in green.output
    assert "gates: " in green.output


def test_each_gate_has_its_time_in_the_verdict_and_training_took_some(green: Finished) -> None:
    seconds = {gate["id"]: gate["seconds"] for gate in green.verdict["gates"]}
    assert all(isinstance(one, float) for one in seconds.values())
    assert sum(seconds.values()) <= green.verdict["durations"]["whole run"] + 1
    assert max(seconds.values()) > 1


def test_a_broken_spec_says_what_is_wrong_in_its_first_line(line: Line, tmp_path: Path) -> None:
    copied = line.copy(tmp_path / "line")
    copied.edit("rank = 16", "rnk = 16")
    first = release(copied, "broken").output.splitlines()[0]
    assert first.startswith("ERROR: ")
    assert "rnk" in first
