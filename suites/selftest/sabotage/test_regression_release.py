"""Real runs of the tiny line after its first release: a loss and a weaker spec are caught, a small change is not."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.releases import ledger, tried_items
from harness.spec import load
from suites.sabotage.campaign import own
from suites.sabotage.cases.regression import FORGOTTEN, SHORE, forgotten
from suites.sabotage.stored import forged_answers
from suites.selftest.plugin.crimes import assert_released, assert_withheld, commit
from suites.tiny import line as tiny
from suites.tiny.child import Finished, Line

FreshId = Callable[[], str]
LOWERED = ("above = { coverage = 0.5, refused = 0.5 }", "above = { coverage = 0.5, refused = 0.4 }")
ACCEPTED = ("margin = 0.3\n", 'margin = 0.3\naccept_weaker = "the sea has few graded items"\n')


@pytest.fixture
def spoilable(line: Line, green: Finished, tmp_path: Path) -> Line:
    return own(line, tmp_path / "own")


def second(spoilable: Line, green: Finished, run_id: str, folder: Path, *more: str) -> Finished:
    """The next release after the green one, compared with nothing but a copy of its bundle."""
    bundle = shutil.copytree(green.release, folder / "transferred")
    return commit(spoilable, run_id, folder, "", f"--against={bundle}", *more)


def test_an_adapter_that_forgot_six_answers_is_caught_though_it_meets_every_threshold(
    spoilable: Line, green: Finished, fresh_id: FreshId, tmp_path: Path
) -> None:
    forged = forged_answers(SHORE, forgotten(6))(spoilable)
    finished = second(spoilable, green, fresh_id(), tmp_path, *forged)
    assert_withheld(finished, "refused", "regression.both.coverage: inconclusive")
    assert finished.red == ["regression.both.coverage", "regression.both.answered"]
    message = finished.gate("regression.both.coverage")["message"]
    assert f"shore-benchmark-08 (1.00 -> 0.00): was {tiny.ANSWER!r}, is {FORGOTTEN!r}" in message


def test_an_adapter_that_lost_one_answer_is_released_and_the_report_shows_the_answer(
    spoilable: Line, green: Finished, fresh_id: FreshId, tmp_path: Path
) -> None:
    forged = forged_answers(SHORE, forgotten(1))(spoilable)
    finished = second(spoilable, green, fresh_id(), tmp_path, *forged)
    assert_released(finished)
    report = (finished.release / "report.md").read_text(encoding="utf-8")
    assert "### Against release tiny, run green" in report
    assert f"was: {tiny.ANSWER}\nis:  {FORGOTTEN}" in report


def test_a_lowered_threshold_is_refused_and_stands_at_the_top_of_the_report(
    spoilable: Line, green: Finished, fresh_id: FreshId, tmp_path: Path
) -> None:
    spoilable.edit(*LOWERED)
    finished = second(spoilable, green, fresh_id(), tmp_path)
    assert_withheld(finished, "refused", "regression.spec_not_weakened")
    report = (finished.run / "report.md").read_text(encoding="utf-8")
    top = report.partition("\n## ")[0]
    assert "eval.both.sea.refused: threshold 0.5, now 0.4" in top


def test_a_lowered_threshold_with_a_reason_is_released_and_still_told_first(
    spoilable: Line, green: Finished, fresh_id: FreshId, tmp_path: Path
) -> None:
    spoilable.edit(*LOWERED)
    spoilable.edit(*ACCEPTED)
    finished = second(spoilable, green, fresh_id(), tmp_path)
    assert_released(finished)
    assert finished.gate("regression.spec_not_weakened")["outcome"] == "failed"
    top = (finished.release / "report.md").read_text(encoding="utf-8").partition("\n## ")[0]
    assert "accepted by the spec: the sea has few graded items" in top


def test_the_last_release_of_that_name_is_the_one_compared_with(
    line: Line, green: Finished, fresh_id: FreshId, tmp_path: Path
) -> None:
    finished = commit(line, fresh_id(), tmp_path, "")
    assert_released(finished)
    assert finished.verdict["regression"]["against"]["release"] == "tiny"
    assert {one["mean"] for one in finished.verdict["regression"]["comparisons"]} == {0.0}


def test_the_attempt_is_in_the_ledger_and_the_report_says_what_the_error_has_become(
    spoilable: Line, green: Finished, fresh_id: FreshId, tmp_path: Path
) -> None:
    _append(_begun(spoilable, ""), spoilable, "one", "two")
    finished = second(spoilable, green, fresh_id(), tmp_path)
    assert_released(finished)
    assert finished.verdict["attempts"]["adapters"] == 4
    assert finished.verdict["attempts"]["ceiling"] == pytest.approx(0.2)
    assert "at most 20.0% (Boole's inequality)" in (finished.release / "report.md").read_text(encoding="utf-8")
    assert finished.gate("regression.fresh_items")["outcome"] == "failed"


def test_where_errors_are_spent_a_red_gate_shows_no_figures_and_no_answers(
    spoilable: Line, green: Finished, fresh_id: FreshId, tmp_path: Path
) -> None:
    _begun(spoilable, 'attempts = "spend"\n')
    spoilable.edit("margin = 0.3", "margin = 0.45")
    spoilable.edit("coverage = 0.5, format = 0.5, refused", "coverage = 0.8, format = 0.5, refused")
    forged = forged_answers(SHORE, forgotten(6))(spoilable)
    finished = second(spoilable, green, fresh_id(), tmp_path, *forged)
    assert_withheld(finished, "refused", "eval.both.all.coverage: inconclusive; figures and answers are withheld")
    assert finished.gate("eval.both.all.coverage")["value"] is None
    assert FORGOTTEN not in (finished.run / "verdict.json").read_text(encoding="utf-8")


def _begun(line: Line, more: str) -> Path:
    """An empty ledger that the spec names, with fresh items due after two adapters."""
    line.edit("[generation]", f'[policy]\nledger = "ledger.jsonl"\nfresh_after = 2\n{more}\n[generation]')
    (line.spec.parent / "ledger.jsonl").touch()
    return line.spec.parent / "ledger.jsonl"


def _append(path: Path, line: Line, *adapters: str) -> None:
    benchmark = tried_items.of_adapter(load.load(line.spec), "both")
    for adapter in adapters:
        ledger.record(path, benchmark, adapter, "tiny", "before")


def test_a_first_release_has_nothing_to_be_compared_with(green: Finished) -> None:
    assert green.verdict["regression"] == {}
    words = "no earlier release named 'tiny' was found below"
    assert words in green.verdict["warnings"][0]
    assert words in (green.release / "report.md").read_text(encoding="utf-8")
    assert words in green.output
    assert [gate["id"] for gate in green.verdict["gates"] if gate["area"] == "regression"] == []
