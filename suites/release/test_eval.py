"""Thresholds on the benchmark, judged on the deployed form of the chosen experiment's adapters."""

from __future__ import annotations

from fixtures.answers import Answers
from fixtures.forgetting import Forgetting
from fixtures.noise import Batches
from fixtures.release import Conclude
from fixtures.repeats import Repeats
from fixtures.scores import Scores
from fixtures.selection import Chosen
from harness.engines import answers as answers_of
from harness.engines import form as forms_of
from harness.engines import heard
from harness.fidelity import forgetting as forgetting_of
from harness.gates import batching
from harness.gates.gate import Gate
from harness.gates.records import Device, Noise
from harness.releases.ledger import SPEND
from harness.run.run import Run
from harness.statistics.measurement import WORST, Measurement
from harness.text.visible import says_something


def test_non_empty(gate: Gate, chosen: Chosen, answers: Answers, conclude: Conclude) -> None:
    """Every answer says something; an empty one is explained by its stop condition and raw ids."""
    artifact = chosen.adapter(gate.adapter)
    sheet = answers.sheet(artifact, gate.task, gate.split)
    empty = [answer for answer in sheet.values() if not says_something(answer.text)]
    cut = heard.unended(sheet.values())
    told = f"{len(cut)} cut at the token limit" if cut else ""
    conclude(
        Measurement(
            value=1.0 - len(empty) / len(sheet),
            n=len(sheet),
            message="\n".join([*map(answers_of.explain_empty, empty[:3]), told]).strip(),
            sources={"adapter": artifact.digest},
        )
    )


def test_ends_by_itself(gate: Gate, scores: Scores, conclude: Conclude) -> None:
    """Answers end with an end token or a stop text, and are not cut at the token limit, but for the spec's share."""
    conclude(scores.measured(gate))


def test_no_thinking(gate: Gate, scores: Scores, conclude: Conclude) -> None:
    """No answer holds a think block where the chat template was told to leave thinking out."""
    conclude(scores.measured(gate))


def test_determinism(gate: Gate, run: Run, chosen: Chosen, repeats: Repeats, conclude: Conclude) -> None:
    """A batch of the stored answers, generated again in a fresh process, has the same tokens."""
    artifact = chosen.adapter(gate.adapter)
    repeat, device = repeats.of(artifact, gate.task), forms_of.machine(run.spec.threads)["device"]
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
    gate: Gate, run: Run, chosen: Chosen, answers: Answers, batches: Batches, conclude: Conclude
) -> None:
    """A sample asked again in another batching gets the same answers, and then one by one; if not, the noise band says
    what moved. Of a form that computes in bfloat16 the band itself is judged."""
    artifact = chosen.adapter(gate.adapter)
    first, again = answers.sheet(artifact, gate.task, gate.split), batches.other(artifact, gate.task)
    sample = [item for item in answers.items_asked(artifact, gate.task, gate.split) if item.id in again]
    moved = batches.band(gate, sample, first, again)
    if run.spec.attempts != SPEND:  # these are values on the benchmark, which then shows outcomes only
        for row in moved:
            run.journal.write(Noise(row))
    told, sources = batches.words(gate.task, again), {"adapter": artifact.digest}
    same = [first[name].ids == answer.ids for name, answer in again.items()]
    if batches.moves:
        conclude(batching.in_band(told, same, moved, run.spec.noise_band, sources))
        return
    one_by_one = batches.alone(artifact, gate.task) if all(same) else {}
    singly = [first[name].ids == answer.ids for name, answer in one_by_one.items()]
    conclude(batching.exact(told, same, singly, sources))


def test_forgetting(gate: Gate, run: Run, chosen: Chosen, forgetting: Forgetting, conclude: Conclude) -> None:
    """General text is no less likely to the deployed form with the adapter than without, but for the spec's margin."""
    found, sources = forgetting.losses(chosen.adapter(gate.adapter))
    conclude(forgetting_of.measurement(found, run.spec.confidence, sources))


def test_threshold(gate: Gate, scores: Scores, conclude: Conclude) -> None:
    """The metric exceeds its threshold, by the spec's rule."""
    conclude(scores.measured(gate))
