"""A machine that runs out of something gives an error that says so, never a score, and leaves nothing half-written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from suites.sabotage.campaign import own
from suites.sabotage.cases.evaluation import ASKED
from suites.sabotage.stored import Answers, forged_answers
from suites.selftest.plugin.crimes import assert_withheld, commit
from suites.tiny.child import Finished, Line

FreshId = Callable[[], str]

SMALL_FILES = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
"""

LITTLE_MEMORY = """
import resource

@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    if gate_of(pyfuncitem) == "eval.both.sea.non_empty":
        used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + 2**26, resource.RLIM_INFINITY))
        bytearray(2**28)
"""

HANGING = """
import threading
from harness.engines import generate

def hang(*arguments, **named):
    threading.Event().wait()

@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session):
    import harness.forms.jobs
    harness.forms.jobs.write_answers = hang
"""


def test_no_room_for_an_artifact_is_an_error_that_names_the_place(
    line: Line, fresh_id: FreshId, tmp_path: Path
) -> None:
    elsewhere = Line(line.spec, tmp_path / "out")

    finished = commit(elsewhere, fresh_id(), tmp_path, SMALL_FILES)

    assert_withheld(finished, "refused", "no room to write")
    assert not list((elsewhere.out / "store").rglob("*.partial"))


def test_memory_that_runs_out_is_an_error_and_no_score(
    line: Line, green: Finished, fresh_id: FreshId, tmp_path: Path
) -> None:
    finished = commit(line, fresh_id(), tmp_path, LITTLE_MEMORY)

    assert_withheld(finished, "refused", "MemoryError")
    gate = finished.gate("eval.both.sea.non_empty")
    assert (gate["outcome"], gate["value"]) == ("error", None)


def _cut(answers: Answers) -> Answers:
    return [answers[0] | {"stop": "length"}, *answers[1:]]


def test_answer_cut_at_the_token_limit_is_told_in_gate_and_report(
    line: Line, green: Finished, fresh_id: FreshId, tmp_path: Path
) -> None:
    spoilt = own(line, tmp_path / "own")
    forged_answers(ASKED, _cut)(spoilt)

    finished = commit(spoilt, fresh_id(), tmp_path, "")

    assert "1 cut at the token limit" in finished.gate("eval.both.sea.non_empty")["message"]
    assert "1 cut at the token limit" in (finished.run / "report.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("workers", ["-n0", "-n2"])
def test_generation_that_hangs_is_ended_and_named(
    line: Line, green: Finished, fresh_id: FreshId, tmp_path: Path, workers: str
) -> None:
    spoilt = line.copy_with_store(tmp_path)
    for folder in (spoilt.out / "store" / "answers").glob("*/"):
        (folder / "manifest.json").unlink()
    spoilt.edit("[generation]", "[limits]\nanswers = 1\n\n[generation]")

    finished = commit(spoilt, fresh_id(), tmp_path, HANGING, workers)

    assert_withheld(finished, "refused", "still at work after its limit of 1 s")
