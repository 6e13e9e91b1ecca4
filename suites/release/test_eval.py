"""Thresholds on the benchmark, judged on the deployed form of the chosen experiment's adapters."""

from __future__ import annotations

from fixtures.adapters import AdapterOf, ChosenExperiment
from fixtures.answer_sheets import AnswerSheets
from fixtures.datasets import Items
from fixtures.noise import OTHER_BATCH, Rebatched, noise_band
from fixtures.release import Conclude
from fixtures.scores import Measured
from harness import answers
from harness.evidence import Measurement
from harness.gates.gate import Gate
from harness.metrics.visible import says_something
from harness.run import Run


def test_non_empty(
    gate: Gate,
    adapter_of: AdapterOf,
    answer_sheets: AnswerSheets,
    chosen_experiment: ChosenExperiment,
    conclude: Conclude,
) -> None:
    """Every answer says something; an empty one is explained by its stop condition and raw ids."""
    artifact = adapter_of(chosen_experiment(), gate.adapter)
    sheet = answer_sheets(artifact, gate.task, gate.split)
    empty = [answer for answer in sheet.values() if not says_something(answer.text)]
    cut = sum(answer.stop == "length" for answer in sheet.values())
    conclude(
        Measurement(
            value=1.0 - len(empty) / len(sheet),
            n=len(sheet),
            message="\n".join(
                [*map(answers.explain_empty, empty[:3]), f"{cut} cut at the token limit" if cut else ""]
            ).strip(),
            sources={"adapter": artifact.digest},
        )
    )


def test_same_in_other_batches(
    gate: Gate,
    run: Run,
    adapter_of: AdapterOf,
    answer_sheets: AnswerSheets,
    chosen_experiment: ChosenExperiment,
    rebatched: Rebatched,
    items: Items,
    conclude: Conclude,
) -> None:
    """A sample asked again in another batching gets the same answers; if not, the noise band says what moved."""
    artifact = adapter_of(chosen_experiment(), gate.adapter)
    first, again = answer_sheets(artifact, gate.task, gate.split), rebatched(artifact, gate.task)
    sample = [item for item in items(gate.task, gate.split) if item.id in again]
    for row in noise_band(run.spec, gate, sample, first, again):
        run.journal.write("noise", noise=row)
    same = sum(first[item.id].ids == again[item.id].ids for item in sample)
    conclude(
        Measurement(
            value=same / len(sample),
            n=len(sample),
            message=f"{same} of {len(sample)} answers are the same, token for token, asked {OTHER_BATCH} at a time",
            sources={"adapter": artifact.digest},
        )
    )


def test_threshold(gate: Gate, measured: Measured, conclude: Conclude) -> None:
    """The metric exceeds its threshold, by the spec's rule."""
    conclude(measured(gate))
