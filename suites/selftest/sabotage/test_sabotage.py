"""Each sabotage of a green line is refused, by the right gate, which names the cause; the line itself is released."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from xml.etree import ElementTree

import pytest

from harness import gates
from harness.gates.gate import Gate
from harness.releases import bundle, earlier
from harness.spec import load
from suites.sabotage.campaign import own
from suites.sabotage.kinds import GAPS, SABOTAGES, Sabotage
from suites.selftest.sabotage.conftest import Attempt, Recorded
from suites.tiny.child import ROOT, Finished, Line, release

DEFAULT = ROOT / "data" / "v3" / "release.toml"
VERDICT_CASE = "greenrun::verdict"
UNTOUCHED = 10
"""Number of untouched runs among the sabotaged ones: a check that refused every run would catch every sabotage, too."""


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


@_named([sabotage for sabotage in SABOTAGES if sabotage.verdict in ("refused", "incomplete")])
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


@_named([sabotage for sabotage in SABOTAGES if sabotage.verdict == "released"])
def test_a_sabotage_that_only_advice_sees_is_released_and_told(
    sabotage: Sabotage, attempt: Attempt, killed: Recorded
) -> None:
    finished = attempt(sabotage)

    gate = finished.gate(sabotage.caught_by)
    killed(sabotage.name, f"{gate['id']} (advises)", _told(gate["message"], sabotage.cause))
    assert (finished.status, finished.verdict["verdict"]) == (0, "released"), finished.output
    assert (gate["blocking"], gate["outcome"] in ("failed", "inconclusive")) == (False, True), gate
    assert sabotage.cause in gate["message"]
    assert sabotage.caught_by in (finished.release / "report.md").read_text(encoding="utf-8")


def test_every_kind_of_gate_has_a_sabotage_or_a_reason(line: Line, green: Finished) -> None:
    """Of the default release, advisory gates included, and of a release that has one before it."""
    second = gates.expected(load.load(line.spec), earlier.read(green.release).table)
    kinds = {_kind(gate) for gate in (*gates.expected(load.load(DEFAULT)), *second)}
    known = {gate.id: _kind(gate) for gate in second}
    aimed_at = {_named_kind(one.caught_by, known, kinds) for one in SABOTAGES if one.caught_by}
    assert {kind: GAPS.get(kind, "no sabotage aims at it") for kind in kinds - aimed_at} == GAPS


def _kind(gate: Gate) -> str:
    """The kind of a gate: gates that the same test judges, and thresholds on the same metric, are of one kind."""
    return f"{gate.area}: {gate.metric if gate.check == 'threshold' else gate.check}"


def _named_kind(name: str, known: Mapping[str, str], kinds: Collection[str]) -> str:
    """The kind of a gate by its id; one of a changed spec is told by how its name ends."""
    if name in known:
        return known[name]
    return next(
        (kind for kind in kinds if name.startswith(kind[: kind.index(":")]) and name.endswith(kind.split(": ")[1])),
        name,
    )


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
