"""Each sabotage of a green line is refused, by the right gate, which names the cause; the line itself is released."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.etree import ElementTree

import pytest

from harness import bundle, gates, spec_file
from harness.gates.gate import Gate
from suites.selftest.child import Finished, Line, release
from suites.selftest.sabotage.campaign import own
from suites.selftest.sabotage.conftest import Attempt, Recorded
from suites.selftest.sabotage.kinds import SABOTAGES, Sabotage

VERDICT_CASE = "greenrun::verdict"
UNTOUCHED = 10
"""Healthy runs among the spoilt ones: a guard that refused them all would catch every sabotage, too."""


def _named(sabotages: Sequence[Sabotage]) -> pytest.MarkDecorator:
    cases = [pytest.param(sabotage, id=sabotage.name) for sabotage in sabotages]
    return pytest.mark.parametrize("sabotage", cases)


@pytest.mark.parametrize("number", range(1, UNTOUCHED + 1))
def test_the_line_that_nobody_spoiled_is_released(line: Line, green: Finished, tmp_path: Path, number: int) -> None:
    finished = release(own(line, tmp_path), f"untouched-{number}")

    assert (finished.status, finished.verdict["verdict"]) == (0, "released"), finished.output
    assert finished.last == f"RELEASED {finished.release}"
    assert bundle.verify(finished.release) == ()
    assert _junit_failures(finished) == set()


@_named([sabotage for sabotage in SABOTAGES if sabotage.verdict is None])
def test_a_sabotaged_command_never_begins(sabotage: Sabotage, attempt: Attempt, killed: Recorded) -> None:
    finished = attempt(sabotage)

    errors = [text for text in finished.output.splitlines() if text.startswith("ERROR: ")]
    killed(sabotage.name, "usage error", errors[0] if errors else finished.last)
    assert finished.status == sabotage.status, finished.output
    assert sabotage.cause in "\n".join(errors), finished.output
    assert not finished.run.exists()
    assert not finished.release.exists()


@_named([sabotage for sabotage in SABOTAGES if sabotage.verdict is not None])
def test_a_sabotaged_release_is_refused(sabotage: Sabotage, attempt: Attempt, killed: Recorded) -> None:
    finished = attempt(sabotage)

    assert (finished.run / "verdict.json").is_file(), finished.output
    refused_by, message = _first_cause(finished, sabotage)
    killed(sabotage.name, refused_by or finished.verdict["verdict"], _told(message, sabotage.cause))
    assert not finished.release.exists(), f"released all the same: {finished.last}"
    assert (finished.status, finished.verdict["verdict"]) == (sabotage.status, sabotage.verdict), finished.output
    assert refused_by == sabotage.caught_by, message
    assert sabotage.cause in message
    assert finished.last.startswith(str(sabotage.verdict).upper() + " ")
    assert (sabotage.caught_by or VERDICT_CASE) in _junit_failures(finished)


def test_every_kind_of_blocking_gate_has_a_sabotage(line: Line) -> None:
    known = {gate.id: gate for gate in gates.expected(spec_file.load(line.spec)) if gate.blocking}
    caught = {sabotage.caught_by for sabotage in SABOTAGES}
    spared = {
        f"{gate.area}: {gate.check}"
        for gate in known.values()
        if not any(_same_kind(gate, name, known) for name in caught)
    }
    assert spared == set()


def _same_kind(gate: Gate, name: str, known: Mapping[str, Gate]) -> bool:
    """Whether the gate named is judged by the same test; one of a changed spec is told by its name."""
    if name in known:
        return (known[name].area, known[name].check) == (gate.area, gate.check)
    return name.startswith(f"{gate.area}.") and name.endswith(gate.check)


def test_no_name_stands_twice() -> None:
    names = [sabotage.name for sabotage in SABOTAGES]
    assert len(names) == len(set(names))


def _first_cause(finished: Finished, sabotage: Sabotage) -> tuple[str, str]:
    """The first red blocking gate and its message; the run's reasons where no gate is to blame."""
    if finished.red and sabotage.verdict == "refused":
        return finished.red[0], str(finished.gate(finished.red[0])["message"])
    return "", "; ".join(finished.verdict["reasons"])


def _told(message: str, cause: str) -> str:
    """The line of the message that names the cause, or its first line."""
    rows = message.split("\n")
    return next((row.strip() for row in rows if cause in row), rows[0])


def _junit_failures(finished: Finished) -> set[str | None]:
    """Names of the cases that ``junit.xml`` shows as failed or in error."""
    cases = ElementTree.parse(finished.run / "junit.xml").iter("testcase")
    return {case.get("name") for case in cases if case.find("failure") is not None or case.find("error") is not None}
