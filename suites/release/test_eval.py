"""Thresholds on the benchmark, judged on the deployed form of the chosen experiment's adapters."""

from __future__ import annotations

from fixtures.adapters import AdapterOf, ChosenExperiment
from fixtures.answer_sheets import AnswerSheets
from fixtures.release import Conclude
from fixtures.scores import Measured
from harness import answers
from harness.evidence import Measurement
from harness.gates.gate import Gate


def test_non_empty(
    gate: Gate,
    adapter_of: AdapterOf,
    answer_sheets: AnswerSheets,
    chosen_experiment: ChosenExperiment,
    conclude: Conclude,
) -> None:
    """Every answer says something; an empty one is explained by its stop condition and raw ids."""
    artifact = adapter_of(chosen_experiment(), gate.adapter)
    sheet = answer_sheets(artifact, gate.adapter, gate.task, gate.split)
    empty = [answer for answer in sheet.values() if not answer.text.strip()]
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


def test_threshold(gate: Gate, measured: Measured, conclude: Conclude) -> None:
    """The metric exceeds its threshold, by the spec's rule."""
    conclude(measured(gate))
