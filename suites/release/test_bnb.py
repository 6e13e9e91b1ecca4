"""The 4-bit form: the base really is 4-bit, adapters really are mounted on it, and they answer."""

from __future__ import annotations

from fixtures.answers import Answers
from fixtures.base import Base
from fixtures.mounts import Mounts
from fixtures.release import Conclude
from fixtures.selection import Chosen
from harness.engines import answers as answers_of
from harness.engines import fingerprint
from harness.errors import AdapterError
from harness.gates.gate import Gate
from harness.spec.objects import Spec
from harness.statistics.measurement import Measurement
from harness.text.visible import says_something


def test_base_quant_load_ok(base: Base, mounts: Mounts, conclude: Conclude) -> None:
    """Every linear layer but the head is a 4-bit module with packed weights, read back from the loaded model."""
    census = mounts.census()
    conclude(
        Measurement(
            value=census.four_bit / census.linear,
            n=census.linear,
            message=(
                f"{census.four_bit} of {census.linear} linear layers are 4-bit ({census.bits_per_weight:.2f} bits a "
                f"weight), memory footprint {census.footprint / 2**20:.0f} MiB"
            ),
            sources={"base": base.fit().digest},
        )
    )


def test_lora_mount_ok(
    gate: Gate, spec: Spec, chosen: Chosen, answers: Answers, mounts: Mounts, conclude: Conclude
) -> None:
    """The adapter mounts with exactly its keys, moves the logits, and moves them towards the adapter as trained;
    and it was the adapter, not the bare base, that gave the answers that were judged."""
    artifact = chosen.adapter(gate.adapter)
    sources = {"adapter": artifact.digest}
    for task in spec.adapters[gate.adapter].tasks:
        sheet = answers.artifact(artifact, task, gate.split)
        sources[f"answers {task}"] = sheet.digest
        if not (seen := fingerprint.read(sheet.path)).differs:
            message = f"the bare base gave the answers to {task}: first-token logits {seen.bare[:12]} with and without"
            conclude(Measurement(0.0, 1, message=f"{message} the adapter; load it and answer again", sources=sources))
            return
    try:
        proof = mounts.prove(artifact, gate.adapter)
    except AdapterError as error:
        conclude(Measurement(0.0, 1, message=str(error), sources=sources))
        return
    message = (
        f"KL in nats per token: moved {proof.moved:.4f} from the bare form, "
        f"{proof.to_adapter:.2e} from the adapter as trained, {proof.to_base:.4f} from its bare base"
    )
    conclude(Measurement(float(proof.holds), 1, message=message, sources=sources))


def test_generate_non_empty(gate: Gate, spec: Spec, chosen: Chosen, answers: Answers, conclude: Conclude) -> None:
    """With the adapter mounted, the 4-bit form answers every benchmark item."""
    artifact = chosen.adapter(gate.adapter)
    given = [
        answer
        for task in spec.adapters[gate.adapter].tasks
        for answer in answers.sheet(artifact, task, gate.split).values()
    ]
    empty = [answer for answer in given if not says_something(answer.text)]
    message = "\n".join(map(answers_of.explain_empty, empty[:3]))
    conclude(
        Measurement(1.0 - len(empty) / len(given), len(given), message=message, sources={"adapter": artifact.digest})
    )
