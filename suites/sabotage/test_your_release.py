"""Would your gates catch it? Known defects planted in copies of your own release, judged from its stored artifacts."""

from __future__ import annotations

import pytest

from suites.sabotage import outcome
from suites.sabotage.case import Sabotage
from suites.sabotage.conftest import Attempt, Recorded, Untouched
from suites.sabotage.kinds import SABOTAGES
from suites.sabotage.subject import NoTargetError


def test_the_untouched_release_is_released(untouched: Untouched) -> None:
    """What is refused without any sabotage shows little about sabotages: it is told first."""
    assert untouched.finished.verdict["verdict"] == "released", untouched.finished.last


@pytest.mark.parametrize("sabotage", [pytest.param(one, id=one.name) for one in SABOTAGES])
def test_a_defect_does_not_ship(sabotage: Sabotage, request: pytest.FixtureRequest, recorded: Recorded) -> None:
    if sabotage.tied:
        recorded(sabotage.name, "not tried", "", sabotage.tied)
        pytest.skip(sabotage.tied)
    untouched: Untouched = request.getfixturevalue("untouched")
    attempt: Attempt = request.getfixturevalue("attempt")
    try:
        finished = attempt(sabotage)
    except NoTargetError as error:
        recorded(sabotage.name, "not tried", "", str(error))
        pytest.skip(str(error))
    found = outcome.of(sabotage, finished, untouched.finished.verdict)
    recorded(sabotage.name, found.word, found.gate, found.message)
    if found.word == "not tried":
        pytest.skip(found.message)
    assert found.word in ("caught", "advised"), f"{sabotage.name} would ship: {found.message}"
