"""What the plugin's hooks share for the length of a session, under typed keys of pytest's stash."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.gates.gate import Outcome
from harness.run.progress import Watcher
from harness.run.run import Run

if TYPE_CHECKING:
    from harness.report.publish import Ending

RUN = pytest.StashKey[Run]()
"""The run; present where release gates were asked for. Without it every hook of greenrun does nothing."""
JUDGED = pytest.StashKey[set[str]]()
"""Ids of the gates that this process has journalled."""
OUTCOME = pytest.StashKey[Outcome]()
"""Outcome of the gate of a test's item; absent where the test ended before it concluded."""
ENDING: pytest.StashKey[Ending] = pytest.StashKey()
"""What the session concluded."""
WATCHER = pytest.StashKey[Watcher]()


def is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")
