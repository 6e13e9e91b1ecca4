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

EIGHT_AT_ONCE = """
@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session):
    from harness.engines import generate

    real = generate.decode

    def decode(model, prompts, *others):
        if len(prompts) > 8:
            import torch
            torch.empty(2**46, dtype=torch.uint8)
        return real(model, prompts, *others)

    generate.decode = decode
"""

NONE_FOR_SEA = """
@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session):
    from harness.engines import generate
    from harness.jobs.job import Job

    real, carry_out, asked = generate.decode, Job.carry_out, []

    def noted(self, folder, progress):
        asked.append(self.label)
        carry_out(self, folder, progress)

    def decode(*arguments):
        if asked[-1].endswith(" sea sea benchmark"):
            import torch
            torch.empty(2**46, dtype=torch.uint8)
        return real(*arguments)

    generate.decode, Job.carry_out = decode, noted
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


def _unanswered(line: Line, folder: Path) -> Line:
    """The green line with a store of its own, from which the answers were taken."""
    spoilt = line.copy_with_store(folder)
    for place in (spoilt.out / "store" / "answers").glob("*/"):
        (place / "manifest.json").unlink()
    return spoilt


def test_batches_that_do_not_fit_are_halved_and_the_release_says_so(
    line: Line, green: Finished, fresh_id: FreshId, tmp_path: Path
) -> None:
    finished = commit(_unanswered(line, tmp_path), fresh_id(), tmp_path, EIGHT_AT_ONCE)

    assert finished.red == []
    halved = {one["name"]: one["batches"] for one in finished.verdict["halved"]}
    asked = next(batches for name, batches in halved.items() if name.endswith(" both sea benchmark"))
    assert [(one["items"], one["into"]) for one in asked] == [(12, [6, 6])] * 2
    assert "memory ran out while answering 12 items" in asked[0]["why"]
    again = finished.gate("eval.both.sea.determinism")
    assert "6 of 6 answers (batch " in again["message"]
    assert " of 4) are the same, token for token" in again["message"]
    report = (finished.run / "report.md").read_text(encoding="utf-8")
    assert "both sea benchmark, 2 batches did not fit in memory and were asked in two halves each" in report


def test_memory_that_is_short_for_another_adapter_is_not_its_fault(
    line: Line, green: Finished, fresh_id: FreshId, tmp_path: Path
) -> None:
    finished = commit(_unanswered(line, tmp_path), fresh_id(), tmp_path, NONE_FOR_SEA)

    assert_withheld(finished, "refused", "memory ran out while answering 6 items")
    gates = finished.verdict["gates"]
    short = [gate for gate in gates if "memory ran out" in gate["message"]]
    assert {"eval.sea.sea.coverage", "eval.sea.sea.format"} <= {gate["id"] for gate in short}
    assert {gate["outcome"] for gate in short} == {"error"}
    assert {gate["id"].partition(".")[0] for gate in short if gate["blocking"]} == {"bundle"}
    assert not [gate for gate in gates if "does not fit this base" in gate["message"] or "Adapter" in gate["message"]]


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
    spoilt = _unanswered(line, tmp_path)
    spoilt.edit("[generation]", "[limits]\nanswers = 1\n\n[generation]")

    finished = commit(spoilt, fresh_id(), tmp_path, HANGING, workers)

    assert_withheld(finished, "refused", "still at work after its limit of 1 s")
