"""Each sabotage of a green line is refused, by the right gate, which names the cause; the line itself is released."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from harness import bundle
from suites.selftest.child import Finished, Line, release
from suites.selftest.sabotage.conftest import Recorded
from suites.selftest.sabotage.kinds import SABOTAGES, Sabotage

BEGAN = [sabotage for sabotage in SABOTAGES if sabotage.verdict is not None]
NEVER_BEGAN = [sabotage for sabotage in SABOTAGES if sabotage.verdict is None]


def _named(sabotages: list[Sabotage]) -> list[object]:
    return [pytest.param(sabotage, id=sabotage.name) for sabotage in sabotages]


@pytest.mark.parametrize("sabotage", _named(BEGAN))
def test_a_sabotaged_release_is_refused(sabotage: Sabotage, own: Line, killed: Recorded) -> None:
    finished = release(own, "spoilt", *sabotage.spoil(own))

    refused_by, message = _first_cause(finished, sabotage)
    killed(sabotage.name, refused_by, message)
    assert not finished.release.exists(), f"released all the same: {finished.last}"
    assert (finished.status, finished.verdict["verdict"]) == (sabotage.status, sabotage.verdict), finished.output
    assert refused_by == sabotage.caught_by, message
    assert sabotage.cause in message
    assert finished.last.startswith(str(sabotage.verdict).upper() + " ")
    assert (sabotage.caught_by or "greenrun::verdict") in _junit_failures(finished)


@pytest.mark.parametrize("sabotage", _named(NEVER_BEGAN))
def test_a_sabotaged_command_is_refused_before_it_begins(sabotage: Sabotage, own: Line, killed: Recorded) -> None:
    finished = release(own, "spoilt", *sabotage.spoil(own))

    errors = [text for text in finished.output.splitlines() if text.startswith("ERROR: ")]
    killed(sabotage.name, "usage error", errors[0] if errors else finished.last)
    assert finished.status == sabotage.status, finished.output
    assert sabotage.cause in "\n".join(errors), finished.output
    assert not finished.run.exists()
    assert not finished.release.exists()


def test_the_line_that_nobody_spoiled_is_released(own: Line) -> None:
    finished = release(own, "untouched")

    assert (finished.status, finished.verdict["verdict"]) == (0, "released"), finished.output
    assert finished.last == f"RELEASED {finished.release}"
    assert bundle.verify(finished.release) == ()
    assert _junit_failures(finished) == set()


@pytest.mark.parametrize("area", ["data", "training", "eval", "bnb", "bundle"])
def test_every_area_has_a_sabotage(area: str) -> None:
    assert area in {sabotage.area for sabotage in SABOTAGES}


def test_names_are_not_used_twice() -> None:
    names = [sabotage.name for sabotage in SABOTAGES]
    assert len(names) == len(set(names))


def _first_cause(finished: Finished, sabotage: Sabotage) -> tuple[str, str]:
    """The first red blocking gate and its message; the run's reasons where no gate is to blame."""
    if sabotage.caught_by and finished.red:
        return finished.red[0], str(finished.gate(finished.red[0])["message"])
    return "", "; ".join(finished.verdict["reasons"]) or finished.last


def _junit_failures(finished: Finished) -> set[str | None]:
    """Names of the cases that ``junit.xml`` shows as failed or in error."""
    cases = ElementTree.parse(finished.run / "junit.xml").iter("testcase")
    return {case.get("name") for case in cases if case.find("failure") is not None or case.find("error") is not None}
