"""What the plugin's hooks share for the length of a session, under typed keys of pytest's stash."""

from __future__ import annotations

import pytest

from harness.gates.gate import Outcome
from harness.report.publish import Ending
from harness.run.progress import Watcher
from harness.run.run import Run

RUN = pytest.StashKey[Run]()
"""Present where release gates were asked for: every hook of greenrun does nothing without it."""
JUDGED = pytest.StashKey[set[str]]()
"""Gates that this process has journalled."""
OUTCOME = pytest.StashKey[Outcome]()
"""Of a test's item: what its gate came to; absent where the test ended before it concluded."""
ENDING = pytest.StashKey[Ending]()
WATCHER = pytest.StashKey[Watcher]()


def is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")
