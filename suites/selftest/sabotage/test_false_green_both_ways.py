"""The same crimes in one process and over two workers: what withholds a release here withholds it there."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.report.__main__ import main as report_again
from harness.report.publish import NOTHING_RELEASED
from suites.selftest.plugin.crimes import RED_GATE, assert_released, assert_withheld, commit, redden
from suites.tiny.child import Finished, Line

FreshId = Callable[[], str]
ALONE, WORKERS = "-n0", "-n2"
AT = "data.sea.text_apart"
"""The gate that most crimes happen at."""


@dataclass(frozen=True, slots=True)
class Crime:
    name: str
    text: str
    word: str
    reason: str
    arguments: tuple[str, ...] = ()
    status: int | None = None
    """None: any but 0."""
    ways: tuple[str, ...] = (ALONE, WORKERS)


FAIL = f"""
def pytest_runtest_call(item):
    if gate_of(item) == "{AT}":
        raise AssertionError("red")
"""
SKIP_ALL = """
@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    pytest.skip("not today")
"""
DROP = f"""
def pytest_collection_modifyitems(items):
    items[:] = [item for item in items if gate_of(item) != "{AT}"]
"""
BROKEN_FIXTURE = f"""
def pytest_fixture_setup(fixturedef, request):
    if fixturedef.argname == "conclude" and gate_of(request._pyfuncitem) == "{AT}":
        raise OSError("no space left")
"""
SECOND_TRY = f"""
FAILED = []

def pytest_collection_modifyitems(items):
    for item in items:
        item.add_marker(pytest.mark.flaky(reruns=2))

def pytest_runtest_call(item):
    if gate_of(item) == "{AT}" and not FAILED:
        FAILED.append(item)
        raise AssertionError("only the first time")
"""
CONFIGURED_NOWHERE = """
def pytest_configure(config):
    if is_worker(config):
        raise RuntimeError("a conftest that fails in workers alone")
"""
COLLECTED_NOWHERE = """
def pytest_collection_modifyitems(config):
    if is_worker(config):
        raise RuntimeError("a conftest that fails in workers alone")
"""
INTERRUPTED = """
def pytest_sessionfinish(session):
    if not is_worker(session.config):
        raise KeyboardInterrupt
"""

CRIMES = (
    Crime("everything deselected", "", "incomplete", "restricted by -k", ("-k", "no_such_gate"), NOTHING_RELEASED),
    Crime("maxfail", FAIL, "refused", "restricted by -x or --maxfail", ("--maxfail=1",)),
    Crime("stop at the first", FAIL, "refused", "restricted by -x", ("-x",), ways=(WORKERS,)),
    Crime("keyword", "", "incomplete", "restricted by -k", ("-k", "parse"), NOTHING_RELEASED, (WORKERS,)),
    Crime("skipped", SKIP_ALL, "incomplete", "did not run", ways=(WORKERS,)),
    Crime("dropped", DROP, "incomplete", f"{AT}: did not run", ways=(WORKERS,)),
    Crime("fixture error", BROKEN_FIXTURE, "refused", f"{AT}: OSError: no space left", status=1, ways=(WORKERS,)),
    Crime("second try", SECOND_TRY, "refused", f"{AT}: attempted 2 times", ways=(WORKERS,)),
    Crime("workers that cannot begin", CONFIGURED_NOWHERE, "incomplete", "", ways=(WORKERS,)),
    Crime("workers that cannot collect", COLLECTED_NOWHERE, "incomplete", "", ways=(WORKERS,)),
    Crime("interrupt at the end", INTERRUPTED, "incomplete", ""),
)


@pytest.mark.parametrize(
    ("crime", "way"), [pytest.param(crime, way, id=f"{crime.name}{way}") for crime in CRIMES for way in crime.ways]
)
def test_crime_withholds_the_release(
    line: Line, green: Finished, fresh_id: FreshId, tmp_path: Path, crime: Crime, way: str
) -> None:
    finished = commit(line, fresh_id(), tmp_path, crime.text, way, *crime.arguments)
    assert_withheld(finished, crime.word, crime.reason)
    assert crime.status in (None, finished.status), finished.output


def test_values_of_foreign_types_and_ten_megabytes_do_not_hide_a_red_gate_in_one_process(
    spoilt: Line, fresh_id: FreshId, tmp_path: Path
) -> None:
    crime = """
import numpy
import torch

VALUES = [numpy.float32(0.5), torch.tensor(0.5), float("nan"), b"bytes", "much " * 2_000_000, object()]

def pytest_runtest_call(item):
    if gate_of(item).startswith("parity."):
        item.user_properties += [(f"value {number}", value) for number, value in enumerate(VALUES)]
"""
    finished = commit(redden(spoilt), fresh_id(), tmp_path, crime, ALONE)
    assert_withheld(finished, "refused", RED_GATE)
    assert finished.status == 1
    assert max(path.stat().st_size for path in finished.run.glob("*.*")) < 500_000


def test_process_killed_inside_a_gate_leaves_a_journal_that_says_so(
    line: Line, green: Finished, fresh_id: FreshId, tmp_path: Path
) -> None:
    """Without workers nobody is left to write a verdict: a later command reaches it from the journal."""
    crime = f"""
def pytest_runtest_call(item):
    if gate_of(item) == "{AT}":
        os.kill(os.getpid(), signal.SIGKILL)
"""
    killed = commit(line, fresh_id(), tmp_path, crime, ALONE)
    assert killed.status == -signal.SIGKILL
    assert not (killed.run / "verdict.json").exists()
    assert report_again([os.fspath(killed.run)]) == 0
    assert_withheld(killed, "incomplete", f"{AT}: did not run")


@pytest.mark.parametrize("arguments", [("-p", "no:cacheprovider"), ("-p", "randomly")], ids=" ".join)
def test_plugins_that_change_no_gate_withhold_nothing_from_two_workers(
    line: Line, green: Finished, fresh_id: FreshId, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    assert_released(commit(line, fresh_id(), tmp_path, "", WORKERS, *arguments))
