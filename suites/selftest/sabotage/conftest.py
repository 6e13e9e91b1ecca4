"""The sabotaged runs, and the kill table at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from suites.sabotage import table
from suites.sabotage.campaign import campaign
from suites.sabotage.case import Sabotage
from suites.sabotage.kinds import GAPS
from suites.tiny.child import Finished, Line

KILLS = pytest.StashKey[list[table.Row]]()
"""Sabotage, the gate that refused it, the first line of its message."""
Attempt = Callable[[Sabotage], Finished]
Recorded = Callable[[str, str, str], None]


@pytest.fixture(scope="session")
def attempt(
    request: pytest.FixtureRequest, line: Line, green: Finished, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Attempt]:
    """``attempt(sabotage)``: its finished run. All that were collected begin at the first use, two at a time."""
    cases = [item.callspec.params.get("sabotage") for item in request.session.items if hasattr(item, "callspec")]
    chosen = [case for case in cases if isinstance(case, Sabotage)]
    with campaign(chosen, line, tmp_path_factory.mktemp("sabotage")) as runs:
        yield lambda sabotage: runs[sabotage.name].result()


@pytest.fixture
def killed(request: pytest.FixtureRequest) -> Recorded:
    """``killed(sabotage, gate, message)``: a row of the kill table."""
    rows = request.config.stash.setdefault(KILLS, [])
    return lambda sabotage, gate, message: rows.append((sabotage, gate, message))


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    rows = config.stash.get(KILLS, [])
    if not rows:
        return
    terminalreporter.section("sabotages and what refused them")
    for text in table.lines(rows):
        terminalreporter.line(text)
    terminalreporter.section("gates that no sabotage aims at")
    for kind, reason in GAPS.items():
        terminalreporter.line(f"{kind}: {reason}")
