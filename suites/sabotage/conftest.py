"""Fixtures for sabotaged runs of somebody's own release, and the kill table at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from harness.errors import DataError, SpecError, StoreError
from harness.plugin import options
from suites.sabotage import frugal, scratch, table
from suites.sabotage.campaign import campaign
from suites.sabotage.case import Sabotage
from suites.sabotage.frugal import KNOWN_RED, NOT_MADE
from suites.sabotage.subject import CONTROL
from suites.tiny.child import Finished, Line, release

HOUR = 3600
WORDS = ("would ship", "advised", "caught", "not tried")
"""What a sabotage came to, worst first."""
PLUGIN = ("-p", frugal.__name__)
KILLS = pytest.StashKey[list[table.Row]]()
"""Sabotage, what became of it, the gate, the first line of its message."""

Attempt = Callable[[Sabotage], Finished]
Recorded = Callable[..., None]


@dataclass(frozen=True, slots=True)
class Untouched:
    """A copy of the release line, and the run that judged it before anything was spoiled."""

    line: Line
    finished: Finished


@pytest.fixture(scope="session")
def untouched(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Untouched:
    """The user's own release, judged once in a scratch folder from the artifacts in their store."""
    path, out = options.spec_path(pytestconfig), options.out_folder(pytestconfig)
    try:
        line = scratch.copy(path, out, tmp_path_factory.mktemp("untouched"))
    except (SpecError, DataError, StoreError) as error:
        pytest.exit(f"{error}", returncode=pytest.ExitCode.USAGE_ERROR)
    finished = release(line, CONTROL, *PLUGIN, env={KNOWN_RED: ""}, timeout=HOUR)
    if not (finished.run / "verdict.json").is_file():
        pytest.exit(f"the untouched release does not begin:\n{finished.output[-2000:]}", pytest.ExitCode.USAGE_ERROR)
    lacking = [gate["message"] for gate in finished.verdict["gates"] if NOT_MADE in gate["message"]]
    if lacking:
        pytest.exit(
            f"{out}/store lacks artifacts of {path}; release it once, then come back.\n{lacking[0]}",
            pytest.ExitCode.USAGE_ERROR,
        )
    return Untouched(line, finished)


@pytest.fixture(scope="session")
def attempt(
    request: pytest.FixtureRequest, untouched: Untouched, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Attempt]:
    """``attempt(sabotage)``: its finished run. All that were collected begin at the first use, two at a time."""
    cases = [item.callspec.params.get("sabotage") for item in request.session.items if hasattr(item, "callspec")]
    chosen = [case for case in cases if isinstance(case, Sabotage) and not case.tied]
    known = {KNOWN_RED: ",".join(untouched.finished.red)}
    with campaign(chosen, untouched.line, tmp_path_factory.mktemp("sabotage"), *PLUGIN, env=known) as runs:
        yield lambda sabotage: runs[sabotage.name].result()


@pytest.fixture
def recorded(request: pytest.FixtureRequest) -> Recorded:
    """``recorded(sabotage, word, gate, message)``: a row of the kill table."""
    rows = request.config.stash.setdefault(KILLS, [])
    return lambda *cells: rows.append(cells)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    rows = config.stash.get(KILLS, [])
    if not rows:
        return
    terminalreporter.section("sabotages of your release, and what refused them")
    for text in table.lines(sorted(rows, key=lambda row: WORDS.index(row[1]))):
        terminalreporter.line(text)
    counted = Counter(row[1] for row in rows)
    terminalreporter.line(", ".join(f"{word}: {counted[word]}" for word in WORDS))
