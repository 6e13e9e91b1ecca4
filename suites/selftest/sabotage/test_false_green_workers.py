"""Workers that die, lie or fall silent under ``-n2``: plain pytest exits 0, a release is withheld."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from suites.selftest.plugin.crimes import RED_GATE, assert_released, assert_withheld, commit, redden
from suites.tiny.child import Finished, Line

FreshId = Callable[[], str]


def _processes(finished: Finished) -> list[int]:
    """Process ids of everything that wrote to the run's journal."""
    lines = [path.read_text(encoding="utf-8").splitlines()[0] for path in (finished.run / "evidence").glob("*.jsonl")]
    hellos = [record for record in map(json.loads, lines) if record["kind"] == "hello"]
    return [int(record["pid"]) for record in hellos]


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_two_workers_release_what_one_process_releases(
    line: Line, green: Finished, fresh_id: FreshId, tmp_path: Path
) -> None:
    assert_released(commit(line, fresh_id(), tmp_path, "", "-n2"))


def test_worker_killed_inside_an_advisory_gate_makes_the_run_incomplete(
    line: Line, green: Finished, fresh_id: FreshId, tmp_path: Path
) -> None:
    crime = """
def pytest_runtest_call(item):
    if gate_of(item) == "training.sea.intact":
        os.kill(os.getpid(), signal.SIGKILL)
"""
    finished = commit(line, fresh_id(), tmp_path, crime, "-n2")
    assert_withheld(finished, "incomplete", "was lost")
    assert finished.gate("training.sea.intact")["outcome"] == "not_run"


def test_worker_killed_between_two_gates_makes_the_run_incomplete(
    line: Line, green: Finished, fresh_id: FreshId, tmp_path: Path
) -> None:
    crime = """
def pytest_runtest_logfinish(nodeid):
    if "text_apart[shore]" in nodeid and "PYTEST_XDIST_WORKER" in os.environ:
        os.kill(os.getpid(), signal.SIGKILL)
"""
    assert_withheld(commit(line, fresh_id(), tmp_path, crime, "-n2"), "incomplete", "was lost")


def test_worker_killed_when_all_its_gates_have_passed_makes_the_run_incomplete(
    line: Line, green: Finished, fresh_id: FreshId, tmp_path: Path
) -> None:
    crime = """
def pytest_sessionfinish(session):
    if is_worker(session.config) and session.config.workerinput["workerid"] == "gw1":
        os.kill(os.getpid(), signal.SIGKILL)
"""
    finished = commit(line, fresh_id(), tmp_path, crime, "-n2")
    assert_withheld(finished, "incomplete", "gw1")
    assert finished.red == []


def test_session_end_that_raises_in_a_worker_makes_the_run_incomplete(
    line: Line, green: Finished, fresh_id: FreshId, tmp_path: Path
) -> None:
    crime = """
def pytest_sessionfinish(session):
    if is_worker(session.config) and session.config.workerinput["workerid"] == "gw0":
        raise RuntimeError("a crash at the end")
"""
    finished = commit(line, fresh_id(), tmp_path, crime, "-n2")
    assert_withheld(finished, "incomplete", "gw0")
    assert finished.red == []


def test_values_that_xdist_cannot_carry_do_not_hide_a_red_gate(spoilt: Line, fresh_id: FreshId, tmp_path: Path) -> None:
    """https://github.com/pytest-dev/pytest-xdist: a worker that cannot send a report dies quietly."""
    crime = """
import enum
import pathlib

import numpy
import torch

class Colour(enum.IntEnum):
    RED = 1

VALUES = [
    numpy.float32(0.5), numpy.int64(3), numpy.bool_(True), numpy.longdouble(0.5), numpy.str_("text"), numpy.ones(2),
    torch.tensor(0.5), torch.ones(2), float("nan"), float("inf"), b"bytes", "lone \\udc80", pathlib.Path("a"),
    Colour.RED, {1: numpy.float16(1)}, {2, 3}, object(), 10**30, -(10**30), -(2**31) - 1,
]

def pytest_runtest_call(item):
    if gate_of(item).startswith("parity."):
        item.user_properties += [(f"value {number}", value) for number, value in enumerate(VALUES)]
        item.user_properties.append((numpy.str_("name"), 1))
        item.add_report_section("call", "stdout", "lone \\udc80")
"""
    finished = commit(redden(spoilt), fresh_id(), tmp_path, crime, "-n2")
    assert_withheld(finished, "refused", RED_GATE)
    assert finished.status == 1
    assert "test_parity.py" in finished.output.partition("short test summary")[2], finished.output
    assert finished.red == [RED_GATE]


def test_failure_of_ten_megabytes_is_cut_and_still_refuses(
    line: Line, green: Finished, fresh_id: FreshId, tmp_path: Path
) -> None:
    crime = """
def pytest_runtest_call(item):
    if gate_of(item) == "bundle.checksums_ok":
        raise AssertionError("much " * 2_000_000)
"""
    finished = commit(line, fresh_id(), tmp_path, crime, "-n2")
    assert_withheld(finished, "refused", "bundle.checksums_ok: AssertionError: much")
    assert finished.red == ["bundle.checksums_ok"]
    assert max(path.stat().st_size for path in finished.run.glob("*.*")) < 500_000


@pytest.mark.parametrize(
    "end", ["pytest.exit('enough', returncode=0)", "raise KeyboardInterrupt"], ids=["exit", "interrupt"]
)
def test_worker_that_ends_early_makes_the_run_incomplete(
    line: Line, green: Finished, fresh_id: FreshId, tmp_path: Path, end: str
) -> None:
    crime = f"""
def pytest_runtest_call(item):
    if gate_of(item) == "eval.sea.sea.coverage":
        {end}
"""
    finished = commit(line, fresh_id(), tmp_path, crime, "-n2")
    assert_withheld(finished, "incomplete", "")
    assert finished.gate("eval.sea.sea.coverage")["outcome"] == "not_run"


def test_sigterm_ends_the_run_with_143_and_leaves_no_process_behind(
    line: Line, green: Finished, fresh_id: FreshId, tmp_path: Path
) -> None:
    crime = """
def pytest_runtest_call(item):
    if gate_of(item) == "eval.sea.sea.coverage":
        os.kill(os.getppid(), signal.SIGTERM)
        time.sleep(90)
"""
    finished = commit(line, fresh_id(), tmp_path, crime, "-n2")
    assert_withheld(finished, "incomplete", "cancelled by SIGTERM")
    assert finished.status == 143
    assert [pid for pid in _processes(finished) if _alive(pid)] == []
