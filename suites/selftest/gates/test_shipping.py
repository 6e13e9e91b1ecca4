"""A release rests on its candidate, task by task: what is not proved is stamped, and what is not fit is not packed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from harness.gates import shipping
from harness.gates.entry import Entry
from harness.gates.gate import Gate
from harness.gates.records import RunOpened
from harness.gates.verdict import reach
from harness.report import markdown
from suites.selftest.report.small_run import GATES, build, journal

TASKS = ("sea", "shore")


def gate(task: str, **changes: Any) -> Gate:
    of_task = Gate(
        f"eval.both.{task}.coverage", "threshold", task, True, "lower_bound", "coverage", 0.5,
        adapter="both", task=task, split="benchmark",
    )  # fmt: skip
    return replace(of_task, **changes)


def test_a_blocking_threshold_for_each_task_leaves_no_doubt() -> None:
    assert shipping.doubts([gate("sea"), gate("shore")], "both", TASKS) == ()


UNPROVEN = {
    "no row at all": [],
    "only advised": [gate("shore", blocking=False)],
    "threshold of zero": [gate("shore", threshold=0.0)],
    "negative threshold": [gate("shore", threshold=-0.5)],
    "by the bare value": [gate("shore", rule="point")],
    "every item, which has no bound": [gate("shore", rule="every")],
    "on the parity set": [gate("shore", split="parity")],
    "of another adapter": [gate("shore", adapter="sea")],
    "not a threshold": [gate("shore", check="non_empty")],
    "pooled with the other task": [gate("all")],
}


@pytest.mark.parametrize("case", UNPROVEN)
def test_a_task_that_no_blocking_lower_bound_proves_is_named(case: str) -> None:
    doubts = shipping.doubts([gate("sea"), *UNPROVEN[case]], "both", TASKS)
    assert "of both on shore" in doubts[0]
    assert not any("on sea" in doubt for doubt in doubts)


def test_a_pooled_row_proves_the_only_task() -> None:
    assert shipping.doubts([gate("all")], "both", ("sea",)) == ()


def test_a_blocking_gate_by_the_bare_value_is_a_doubt_beside_whatever_is_proved() -> None:
    bare = gate("all", rule="point")
    assert "bare value" in shipping.doubts([gate("sea"), gate("shore"), bare], "both", TASKS)[0]


def test_a_verdict_says_of_which_task_nothing_is_proved() -> None:
    run = Entry("main", 0.0, RunOpened("run_1", "tiny", "", "both", TASKS, []))
    assert "on shore" in reach([gate("sea")], [run]).doubts[0]


def test_a_journal_that_names_no_tasks_proves_nothing() -> None:
    assert reach([gate("sea")], []).unproven


@pytest.mark.parametrize(
    ("rows", "needs"),
    [
        ({"sea.coverage": False, "sea.non_empty": False}, ["sea.coverage", "sea.non_empty"]),
        ({"sea.coverage": True, "sea.format": False}, ["sea.coverage"]),
        ({"sea.coverage": False, "sea.determinism": True, "forgetting": True}, ["sea.coverage"]),
    ],
    ids=["all where none blocks", "the blocking ones", "not those of the whole release"],
)
def test_an_adapter_needs_its_blocking_gates_over_answers_or_all_of_them(
    rows: dict[str, bool], needs: list[str]
) -> None:
    gates = [(f"eval.both.{name}", blocking) for name, blocking in rows.items()] + [("eval.other.sea.coverage", True)]
    assert shipping.needed(gates, "both") == [f"eval.both.{name}" for name in needs]


def recommended(**outcomes: Any) -> str:
    report: str = markdown.render(build(journal("duo", **outcomes)), "")
    return report.partition("## Recommendation")[2].partition("\n## ")[0]


def test_the_report_ships_what_passed_and_is_packed() -> None:
    assert "Adapter: ship duo" in recommended()
    assert "Adapter solo: fit" in recommended()


def test_the_report_advises_against_an_adapter_that_failed_or_is_not_packed() -> None:
    paper = build(journal("duo"))
    told = markdown.render({**paper, "packed": ["duo"]}, "")
    assert "Adapter solo: do not ship on its own" in told
    assert "Adapter solo: do not ship on its own" in recommended(single="failed")


def test_the_report_never_ships_a_candidate_whose_advisory_gates_failed() -> None:
    gates = {name: replace(one, blocking=name == "data") for name, one in GATES.items()}
    paper = build(journal("duo", candidate="failed"), gates)
    assert paper["verdict"] == "released"
    assert "- **do not ship**: adapter duo: " in markdown.render(paper, "")


def test_a_last_line_and_a_report_name_the_unproven_task() -> None:
    gates = {**GATES, "candidate": replace(GATES["candidate"], blocking=False)}
    paper = build(journal("duo"), gates)
    assert paper["unproven"] is True
    assert "of duo on greet" in paper["doubts"][0]
    assert "**UNPROVEN**: no blocking threshold" in markdown.render(paper, "")
