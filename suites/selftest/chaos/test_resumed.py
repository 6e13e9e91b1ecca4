"""A release that was cancelled goes on where it stood, by the same command."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from suites.selftest.plugin.crimes import assert_withheld, commit
from suites.tiny.child import Line, release

FreshId = Callable[[], str]

CANCELLED = """
def pytest_runtest_call(item):
    if gate_of(item) == "training.selection.qualified":
        os.kill(os.getpid(), signal.SIGTERM)
"""


def test_the_same_command_resumes_where_a_run_was_cancelled(line: Line, fresh_id: FreshId, tmp_path: Path) -> None:
    elsewhere = Line(line.spec, tmp_path / "out")
    stopped = commit(elsewhere, fresh_id(), tmp_path, CANCELLED)

    finished = release(elsewhere, fresh_id())

    assert_withheld(stopped, "incomplete", "cancelled by SIGTERM")
    assert stopped.status == 143
    assert finished.verdict["verdict"] == "released", finished.last
    reused = {one["name"]: one["reused"] for one in finished.verdict["artifacts"] if one["stage"] == "adapter"}
    assert reused
    assert all(reused.values()), reused
