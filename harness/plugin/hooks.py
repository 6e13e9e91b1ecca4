"""Hooks of greenrun's own."""

from __future__ import annotations

import pytest

from harness.run.run import Run


@pytest.hookspec
def pytest_greenrun_opening(config: pytest.Config, run: Run) -> None:
    """Called once before a run takes its folder, in the process that the user started, where all of it is to be judged.

    Raise a `GreenrunError` to refuse the run with that sentence: nothing is written then. Not called for ``--plan``.
    """
