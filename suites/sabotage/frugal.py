"""A pytest plugin for sabotaged runs: nothing is trained or generated, and the run ends at the first new refusal.

What the store holds is judged; what it lacks is an error that says so (`NOT_MADE`). A run that was refused once need
not be refused again by the gates after that.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from typing import NoReturn

import pytest

from harness.errors import GreenrunError
from harness.plugin.collection import gate_of

KNOWN_RED = "SABOTAGE_KNOWN_RED"
"""Environment variable: ids of gates that are red without any sabotage, which end no run."""
NOT_MADE = "would have to be made anew, and the sabotage kit neither trains nor asks a model"


class NotMadeError(GreenrunError):
    """Raised in place of training or generation."""


def _refuse(*arguments: object, **named: object) -> NoReturn:
    raise NotMadeError(f"it {NOT_MADE}")


def pytest_configure() -> None:
    """Put the refusals in place. Not at import, since the kit's own process imports names from here and must be able to
    train."""
    import harness.engines.perplexity
    import harness.forms.jobs
    import harness.jobs.process
    import training.sample_run
    import training.trainers

    training.trainers.train = _refuse
    training.sample_run.run = _refuse
    harness.forms.jobs.write_answers = _refuse
    harness.forms.jobs.write_losses = _refuse
    harness.jobs.process.Process.run = _refuse  # type: ignore[method-assign]
    harness.engines.perplexity.losses = _refuse


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    gate = gate_of(item)
    known = os.environ.get(KNOWN_RED, "").split(",")
    made = NOT_MADE not in report.longreprtext  # what could not be tried says nothing: another gate may still see it
    if report.failed and made and gate is not None and gate.blocking and gate.id not in known:
        item.session.shouldstop = f"{gate.id} is red"
    return report
