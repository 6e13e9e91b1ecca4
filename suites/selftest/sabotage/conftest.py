"""A line of its own for every sabotage, and the kill table at the end."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from suites.selftest.child import Finished, Line

KILLS = pytest.StashKey[list[tuple[str, str, str]]]()
"""Sabotage, the gate that refused it, the first line of its message."""
Recorded = Callable[[str, str, str], None]


@pytest.fixture
def own(line: Line, green: Finished, tmp_path: Path) -> Line:
    """A copy of the green line with its store, runs and release (a few megabytes): all of it may be spoiled."""
    shutil.copytree(line.spec.parent, tmp_path / "line")
    shutil.copytree(line.out, tmp_path / "out")
    return Line(tmp_path / "line" / line.spec.name, tmp_path / "out")


@pytest.fixture
def killed(request: pytest.FixtureRequest) -> Recorded:
    """``killed(sabotage, gate, message)``: a row of the kill table."""
    rows = request.config.stash.setdefault(KILLS, [])
    return lambda sabotage, gate, message: rows.append((sabotage, gate, message.partition("\n")[0]))


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    rows = config.stash.get(KILLS, [])
    if not rows:
        return
    names, gates = (max(len(row[column]) for row in rows) for column in (0, 1))
    terminalreporter.section("sabotages and what refused them")
    for name, gate, message in rows:
        terminalreporter.line(f"{name:<{names}}  {gate:<{gates}}  {message}")
