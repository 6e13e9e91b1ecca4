"""Every data file is sound, and what is judged was not trained on: one test for each check of the registry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from fixtures.release import Conclude
from fixtures.tokenized import Tokenized
from harness.dataset import checks, findings, registry, way_out
from harness.dataset.check import Check, SplitsCheck, TokenizedCheck
from harness.dataset.findings import Checked
from harness.gates.data import strangers
from harness.gates.gate import Gate
from harness.metrics import references_score
from harness.run.run import Run
from harness.spec.data import Options
from harness.spec.objects import Spec, Task
from harness.statistics.measurement import Measurement

Test = Callable[..., None]


@pytest.fixture
def task(spec: Spec, gate: Gate) -> Task:
    return spec.tasks[gate.task]


@pytest.fixture(scope="session")
def options(spec: Spec) -> Options:
    return checks.options_of(spec)


def _conclude(check: Check, gate: Gate, run: Run, conclude: Conclude, checked: Checked) -> None:
    lines = [*way_out.lines(check, checked, run.spec), *checked.tally.shown(), checked.note]
    if checked.tally.total:
        listed = run.folder / "findings" / f"{gate.id}.jsonl"
        findings.write(listed, gate.id, checked.tally)
        lines.append(f"{checked.tally.total} findings, listed in {listed}")
    message = "\n".join(line for line in lines if line)
    conclude(Measurement(value=checked.share, n=max(1, checked.records), message=message, sources=checked.sources))


def _of_file(check: Check) -> Test:
    def judge(gate: Gate, task: Task, run: Run, options: Options, conclude: Conclude) -> None:
        _conclude(check, gate, run, conclude, checks.check_file(check.name, task, gate.split, options))

    return judge


def _of_tokenized(check: TokenizedCheck) -> Test:
    def judge(gate: Gate, run: Run, tokenized: Tokenized, conclude: Conclude) -> None:
        _conclude(check, gate, run, conclude, tokenized.checked(check, gate))

    return judge


def _of_splits(check: SplitsCheck) -> Test:
    def judge(gate: Gate, task: Task, run: Run, options: Options, conclude: Conclude) -> None:
        checked = checks.check_task(check.name, task, options, run.spec.tasks.values())
        unseen = strangers(run.spec, task.name) if check.leakage and not checked.tally.total else ()
        if run.spec.candidate in unseen:
            pytest.fail(
                f"leakage is unknown: the candidate {run.spec.candidate} was trained elsewhere, on data that is not "
                f'given; to release all the same, let the check advise: [gates.data] advisory = ["secrets", '
                f'"{check.name}"]',
                pytrace=False,
            )
        note = f"leakage is unknown of {', '.join(unseen)}, trained elsewhere: not packed" if unseen else ""
        _conclude(check, gate, run, conclude, replace(checked, note="\n".join(filter(None, (checked.note, note)))))

    return judge


def _test_of(check: Check) -> Test:
    """The test of one check, as pytest finds it: ``test_<name>``, with what holds where it passes as its docstring."""
    if isinstance(check, TokenizedCheck):
        test = _of_tokenized(check)
    elif isinstance(check, SplitsCheck):
        test = _of_splits(check)
    else:
        test = _of_file(check)
    test.__name__ = test.__qualname__ = f"test_{check.name}"
    test.__doc__ = check.holds
    return test


def test_references_score(gate: Gate, task: Task, run: Run, options: Options, conclude: Conclude) -> None:
    """Every reference answer earns all of every metric that the spec declares for its task."""
    _conclude(references_score.CHECK, gate, run, conclude, references_score.check(task, gate.split, options))


globals().update({f"test_{check.name}": _test_of(check) for check in registry.CHECKS})
