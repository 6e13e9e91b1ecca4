"""Every data file is sound, and what is judged was not trained on."""

from __future__ import annotations

import pytest

from fixtures.release import Conclude
from harness import digests
from harness.dataset import checks
from harness.dataset.findings import Finding
from harness.errors import DataError
from harness.evidence import Measurement
from harness.gates.gate import Gate
from harness.spec import Spec, Task

SHOWN = 20
"""Findings that a message shows; the rest is counted."""


@pytest.fixture
def task(spec: Spec, gate: Gate) -> Task:
    return spec.tasks[gate.task]


def _measurement(findings: tuple[Finding, ...], records: int, sources: dict[str, str]) -> Measurement:
    bad = len({(finding.path, finding.line) for finding in findings})
    shown = [str(finding) for finding in findings[:SHOWN]]
    rest = f"... and {len(findings) - SHOWN} more" if len(findings) > SHOWN else ""
    return Measurement(
        value=max(0.0, 1.0 - bad / records) if records else 0.0,
        n=records,
        message="\n".join([*shown, rest]).strip(),
        sources=sources,
    )


def _judge_file(gate: Gate, task: Task, conclude: Conclude) -> None:
    findings, records = checks.file_findings(gate.check, task, gate.split)
    conclude(_measurement(findings, records, {task.files[gate.split].name: digests.of_file(task.files[gate.split])}))


def test_parse(gate: Gate, task: Task, conclude: Conclude) -> None:
    """Every line is one JSON object in UTF-8, no key twice."""
    try:
        _judge_file(gate, task, conclude)
    except DataError as error:
        conclude(Measurement(value=0.0, n=1, message=str(error)))


def test_fields(gate: Gate, task: Task, conclude: Conclude) -> None:
    """Every record fits the task's JSON Schema."""
    _judge_file(gate, task, conclude)


def test_template(gate: Gate, task: Task, conclude: Conclude) -> None:
    """Every prompt renders, and every reference answer has the house form and says its own points."""
    _judge_file(gate, task, conclude)


def test_counts(gate: Gate, task: Task, conclude: Conclude) -> None:
    """The file holds what the spec declares of it: items, refusals, cells."""
    _judge_file(gate, task, conclude)


def _judge_splits(gate: Gate, task: Task, spec: Spec, conclude: Conclude) -> None:
    findings, records = checks.split_findings(gate.check, task)
    sources = {split: digests.of_file(path) for split, path in task.files.items()}
    if not findings and spec.external:
        pytest.fail("leakage is unknown: the adapters were trained elsewhere, on data that is not given", pytrace=False)
    conclude(_measurement(findings, records, sources))


def test_topics_apart(gate: Gate, task: Task, spec: Spec, conclude: Conclude) -> None:
    """No topic stands in two splits, or twice in the benchmark."""
    _judge_splits(gate, task, spec, conclude)


def test_text_apart(gate: Gate, task: Task, spec: Spec, conclude: Conclude) -> None:
    """No run of words is shared between splits."""
    _judge_splits(gate, task, spec, conclude)
