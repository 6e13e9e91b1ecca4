"""The JUnit file holds every gate by its weight and the verdict, and parses whatever they say."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given

from harness.gates.gate import Outcome
from harness.report import junit
from suites.selftest.report.hostile_text import hostile, hostile_paper, many
from suites.selftest.report.small_run import GATES, build, journal


def written(paper: Mapping[str, Any], folder: Path) -> ElementTree.Element:
    """The one suite of the JUnit file."""
    junit.write(paper, folder / "junit.xml")
    suite = ElementTree.parse(folder / "junit.xml").getroot().find("testsuite")
    assert suite is not None
    return suite


def case(suite: ElementTree.Element, name: str) -> ElementTree.Element:
    (found,) = [one for one in suite.iter("testcase") if one.get("name") == name]
    return found


@many
@given(hostile)
def test_junit_parses_and_holds_every_gate_and_the_verdict(tmp_path: Path, text: str) -> None:
    paper = hostile_paper(text)
    assert len(written(paper, tmp_path).findall("testcase")) == len(paper["gates"]) + 1


def test_junit_keeps_a_message_word_for_word_where_xml_allows_it(tmp_path: Path) -> None:
    message = "first <line> & \"quotes\"\n  worst: 'an answer' ]]>"
    failure = case(written(build(journal(message, candidate="failed")), tmp_path), GATES["candidate"].id).find(
        "failure"
    )
    assert failure is not None
    assert failure.get("message") == message


def test_junit_counts_agree_with_its_cases(tmp_path: Path) -> None:
    outcomes: dict[str, Outcome] = {"candidate": "failed", "data": "error", "bundle": "blocked", "single": "failed"}
    suite = written(build(journal(**outcomes)), tmp_path)
    counts = {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")}
    assert counts == {"tests": "8", "failures": "2", "errors": "2", "skipped": "1"}  # the verdict is a failure too


@pytest.mark.parametrize(
    ("gate", "outcome", "element"),
    [
        ("candidate", "failed", "failure"),
        ("candidate", "inconclusive", "failure"),
        ("candidate", "error", "error"),
        ("candidate", "blocked", "error"),
        ("single", "failed", "skipped"),
        ("single", "error", "skipped"),
    ],
)
def test_a_red_gate_is_shown_by_its_weight(tmp_path: Path, gate: str, outcome: Outcome, element: str) -> None:
    red = case(written(build(journal(**{gate: outcome})), tmp_path), GATES[gate].id)
    assert [child.tag for child in red] == [element, "system-out"]


def test_a_blocking_gate_that_did_not_run_is_an_error(tmp_path: Path) -> None:
    records = [record for record in journal() if record.get("gate") != GATES["mount"].id]
    assert case(written(build(records), tmp_path), GATES["mount"].id).find("error") is not None


def test_a_gate_that_does_not_say_whether_it_blocks_blocks(tmp_path: Path) -> None:
    suite = written({"gates": [{"id": "eval.a.b.c", "outcome": "failed"}]}, tmp_path)
    assert case(suite, "eval.a.b.c").find("failure") is not None


def test_the_verdict_is_a_case_that_passes_only_where_it_is_released(tmp_path: Path) -> None:
    papers = [build(journal()), build(journal(data="failed")), build(journal(), taints=("a worker was lost",))]
    failed = [case(written(paper, tmp_path), junit.VERDICT).find("failure") is not None for paper in papers]
    assert failed == [False, True, True]


def test_a_rewritten_junit_file_leaves_nothing_beside_it(tmp_path: Path) -> None:
    written(build(journal()), tmp_path)
    written(build(journal()), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["junit.xml"]


def test_a_gate_has_the_time_of_its_test_and_none_where_nobody_measured_it(tmp_path: Path) -> None:
    took = {"kind": "took", "process": "main", "at": 31.0, "gate": GATES["candidate"].id, "seconds": 12.25}
    suite = written(build([*journal(), took]), tmp_path)
    assert case(suite, GATES["candidate"].id).get("time") == "12.250"
    assert case(suite, GATES["mount"].id).get("time") is None
