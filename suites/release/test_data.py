"""Every data file is sound, and what is judged was not trained on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fixtures.release import Conclude
from fixtures.tokenized import TokenizedChecks
from harness.dataset import checks, findings
from harness.dataset.findings import Checked
from harness.gates.data import LEAKAGE, strangers
from harness.gates.gate import Gate
from harness.metrics import references_score
from harness.run.run import Run
from harness.spec.data import Options
from harness.spec.objects import Spec, Task
from harness.statistics.measurement import Measurement


@pytest.fixture
def task(spec: Spec, gate: Gate) -> Task:
    return spec.tasks[gate.task]


@pytest.fixture(scope="session")
def options(spec: Spec) -> Options:
    return checks.options_of(spec)


def _conclude(gate: Gate, run: Run, conclude: Conclude, checked: Checked) -> None:
    lines = [*checked.tally.shown(), checked.note]
    if checked.tally.total:
        listed = run.folder / "findings" / f"{gate.id}.jsonl"
        findings.write(listed, gate.id, checked.tally)
        lines.append(f"{checked.tally.total} findings, listed in {listed}")
    elif checked.tally.bad:
        lines.append(f"{checked.tally.bad} lines could not be read: the gates before this one say why")
    message = "\n".join(line for line in lines if line)
    conclude(Measurement(value=checked.share, n=max(1, checked.records), message=message, sources=checked.sources))


def _judge_file(gate: Gate, task: Task, run: Run, options: Options, conclude: Conclude) -> None:
    _conclude(gate, run, conclude, checks.check_file(gate.check, task, gate.split, options))


def test_encoding(gate: Gate, task: Task, run: Run, options: Options, conclude: Conclude) -> None:
    """The file is strict UTF-8 in whole lines, without marks and characters that other readers trip over."""
    _judge_file(gate, task, run, options, conclude)


def test_parse(gate: Gate, task: Task, run: Run, options: Options, conclude: Conclude) -> None:
    """Every line is one JSON object, no key twice, every number finite."""
    _judge_file(gate, task, run, options, conclude)


def test_fields(gate: Gate, task: Task, run: Run, options: Options, conclude: Conclude) -> None:
    """Every record fits the task's JSON Schema, and no text in it is empty."""
    _judge_file(gate, task, run, options, conclude)


def test_template(gate: Gate, task: Task, run: Run, options: Options, conclude: Conclude) -> None:
    """Every prompt renders, and every reference answer has the house form and says its own points."""
    _judge_file(gate, task, run, options, conclude)


def test_counts(gate: Gate, task: Task, run: Run, options: Options, conclude: Conclude) -> None:
    """The file holds what the spec declares of it: items, refusals, cells."""
    _judge_file(gate, task, run, options, conclude)


def test_duplicates(gate: Gate, task: Task, run: Run, options: Options, conclude: Conclude) -> None:
    """No item of the file copies another one, exactly or nearly."""
    _judge_file(gate, task, run, options, conclude)


def test_secrets(gate: Gate, task: Task, run: Run, options: Options, conclude: Conclude) -> None:
    """No training text holds a secret or personal data."""
    _judge_file(gate, task, run, options, conclude)


def test_references_score(gate: Gate, task: Task, run: Run, options: Options, conclude: Conclude) -> None:
    """Every reference answer earns all of every metric that the spec declares for its task."""
    _conclude(gate, run, conclude, references_score.check(task, gate.split, options))


def test_labels(gate: Gate, run: Run, tokenized_checks: TokenizedChecks, conclude: Conclude) -> None:
    """Every item keeps all labels when it is cut to the longest sequence that is trained."""
    _conclude(gate, run, conclude, tokenized_checks(gate))


def test_rendered(gate: Gate, run: Run, tokenized_checks: TokenizedChecks, conclude: Conclude) -> None:
    """The base model's chat template writes every turn and the answer, ends it, adds its own marks alone, and fits."""
    _conclude(gate, run, conclude, tokenized_checks(gate))


def _judge_splits(gate: Gate, task: Task, run: Run, options: Options, conclude: Conclude) -> None:
    checked = checks.check_task(gate.check, task, options, run.spec.tasks.values())
    unseen = strangers(run.spec, task.name) if gate.check in LEAKAGE and not checked.tally.total else ()
    if run.spec.candidate in unseen:
        pytest.fail(
            f"leakage is unknown: the candidate {run.spec.candidate} was trained elsewhere, on data that is not given; "
            f'to release all the same, let the check advise: [gates.data] advisory = ["secrets", "{gate.check}"]',
            pytrace=False,
        )
    note = f"leakage is unknown of {', '.join(unseen)}, trained elsewhere: not packed" if unseen else ""
    _conclude(gate, run, conclude, replace(checked, note="\n".join(filter(None, (checked.note, note)))))


def test_ids_unique(gate: Gate, task: Task, run: Run, options: Options, conclude: Conclude) -> None:
    """No id stands twice in the files of the task."""
    _judge_splits(gate, task, run, options, conclude)


def test_topics_apart(gate: Gate, task: Task, run: Run, options: Options, conclude: Conclude) -> None:
    """No topic stands in two splits, or twice in the benchmark."""
    _judge_splits(gate, task, run, options, conclude)


def test_text_apart(gate: Gate, task: Task, run: Run, options: Options, conclude: Conclude) -> None:
    """No run of words is shared between splits, nor with what another task trains on."""
    _judge_splits(gate, task, run, options, conclude)
