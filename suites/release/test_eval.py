"""Thresholds on the benchmark, judged on the deployed form of the chosen experiment's adapters."""

from __future__ import annotations

from fixtures.adapters import AdapterOf
from fixtures.again import Repeated
from fixtures.answer_sheets import AnswerSheets
from fixtures.datasets import Items
from fixtures.forgetting import Forgotten
from fixtures.noise import OTHER_BATCH, Alone, Rebatched, noise_band
from fixtures.release import Conclude
from fixtures.scores import Measured
from fixtures.selection import ChosenExperiment
from harness.engines import answers, heard
from harness.engines import form as forms_of
from harness.fidelity import forgetting
from harness.forms.form import Form
from harness.gates import batching
from harness.gates.gate import Gate
from harness.gates.records import Device, Noise
from harness.releases.ledger import SPEND
from harness.run.run import Run
from harness.statistics.measurement import WORST, Measurement
from harness.text.visible import says_something


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
    cut = heard.unended(sheet.values())
    told = f"{len(cut)} cut at the token limit" if cut else ""
    conclude(
        Measurement(
            value=1.0 - len(empty) / len(sheet),
            n=len(sheet),
            message="\n".join([*map(answers.explain_empty, empty[:3]), told]).strip(),
            sources={"adapter": artifact.digest},
        )
    )


def test_ends_by_itself(gate: Gate, measured: Measured, conclude: Conclude) -> None:
    """Answers end with an end token or a stop text, and are not cut at the token limit, but for the spec's share."""
    conclude(measured(gate))


def test_no_thinking(gate: Gate, measured: Measured, conclude: Conclude) -> None:
    """No answer holds a think block where the chat template was told to leave thinking out."""
    conclude(measured(gate))


def test_determinism(
    gate: Gate,
    run: Run,
    adapter_of: AdapterOf,
    chosen_experiment: ChosenExperiment,
    repeated: Repeated,
    conclude: Conclude,
) -> None:
    """A batch of the stored answers, generated again in a fresh process, has the same tokens."""
    artifact = adapter_of(chosen_experiment(), gate.adapter)
    repeat, device = repeated(artifact, gate.task), forms_of.machine(run.spec.threads)["device"]
    run.journal.write(Device(device))
    same = repeat.n - len(repeat.differing)
    told = f"{same} of {repeat.n} answers (batch {repeat.number} of {repeat.batches}) are the same, token for token"
    conclude(
        Measurement(
            value=same / repeat.n,
            n=repeat.n,
            message="\n".join(
                [
                    f"{told}, generated again in a fresh process on {device}",
                    *map("other tokens: {}".format, repeat.differing[:WORST]),
                ]
            ),
            sources={"adapter": artifact.digest, "answers again": repeat.digest},
        )
    )


def test_same_in_other_batches(
    gate: Gate,
    run: Run,
    form: Form,
    adapter_of: AdapterOf,
    answer_sheets: AnswerSheets,
    chosen_experiment: ChosenExperiment,
    rebatched: Rebatched,
    alone: Alone,
    items: Items,
    conclude: Conclude,
) -> None:
    """A sample asked again in another batching gets the same answers, and then one by one; if not, the noise band says
    what moved. Of a form that computes in bfloat16 the band itself is judged."""
    artifact = adapter_of(chosen_experiment(), gate.adapter)
    first, again = answer_sheets(artifact, gate.task, gate.split), rebatched(artifact, gate.task)
    sample = [item for item in items(gate.task, gate.split) if item.id in again]
    moved = noise_band(run.spec, gate, sample, first, again)
    if run.spec.attempts != SPEND:  # these are values on the benchmark, which then shows outcomes only
        for row in moved:
            run.journal.write(Noise(row))
    told, sources = f"asked at most {OTHER_BATCH} at a time", {"adapter": artifact.digest}
    same = [first[name].ids == answer.ids for name, answer in again.items()]
    if form.precision.moves:
        conclude(batching.in_band(told, same, moved, run.spec.noise_band, sources))
        return
    one_by_one = alone(artifact, gate.task) if all(same) else {}
    singly = [first[name].ids == answer.ids for name, answer in one_by_one.items()]
    conclude(batching.exact(told, same, singly, sources))


def test_forgetting(
    gate: Gate,
    run: Run,
    adapter_of: AdapterOf,
    chosen_experiment: ChosenExperiment,
    forgotten: Forgotten,
    conclude: Conclude,
) -> None:
    """General text is no less likely to the deployed form with the adapter than without, but for the spec's margin."""
    found, sources = forgotten(adapter_of(chosen_experiment(), gate.adapter))
    conclude(forgetting.measurement(found, run.spec.confidence, sources))


def test_threshold(gate: Gate, measured: Measured, conclude: Conclude) -> None:
    """The metric exceeds its threshold, by the spec's rule."""
    conclude(measured(gate))
