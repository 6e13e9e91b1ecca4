"""Training works, every adapter learned and is intact, and one experiment qualified on dev."""

from __future__ import annotations

import json
from statistics import fmean

from fixtures import builds
from fixtures.adapters import Adapters, look_at
from fixtures.answers import Answers
from fixtures.datasets import Datasets
from fixtures.deployed import Deployed
from fixtures.release import Artifacts, Conclude
from fixtures.seeds import Seeds
from fixtures.selection import Chosen
from fixtures.tokenized import Tokenized
from harness.dataset import findings
from harness.engines.adapter_files import take
from harness.errors import AdapterError
from harness.gates.gate import Gate
from harness.gates.training import SELECTED
from harness.run.run import Run
from harness.spec.objects import Spec
from harness.statistics.measurement import Measurement
from training import sample_run
from training import seeds as seeds_of


def test_template_ids(gate: Gate, run: Run, tokenized: Tokenized, conclude: Conclude) -> None:
    """Prompt and answer as they are trained are the chat template's own rendering, token for token, of every item."""
    checked = tokenized.template_ids(gate)
    lines = [*checked.tally.shown(), checked.note]
    if checked.tally.total:
        listed = run.folder / "findings" / f"{gate.id}.jsonl"
        findings.write(listed, gate.id, checked.tally)
        lines.append(f"{checked.tally.total} findings, listed in {listed}")
    message = "\n".join(line for line in lines if line)
    conclude(Measurement(value=checked.share, n=max(1, checked.records), message=message, sources=checked.sources))


def test_sample_runs(
    spec: Spec, deployed: Deployed, datasets: Datasets, artifacts: Artifacts, conclude: Conclude
) -> None:
    """A few steps on a few items and one generation work: a broken set-up fails in seconds."""
    weights, items = deployed.weights(), datasets.training(spec.adapters[spec.candidate])
    artifact = artifacts.one(builds.sample(spec, weights, items[: sample_run.ITEMS]))
    facts = json.loads((artifact.path / sample_run.FILE).read_text(encoding="utf-8"))
    conclude(
        Measurement(
            value=float(facts["tokens"] > 0),
            n=len(facts["losses"]),
            message=f"losses {[round(loss, 3) for loss in facts['losses']]}, {facts['tokens']} tokens generated",
            sources={"weights": weights.digest},
        )
    )


def test_learned(gate: Gate, spec: Spec, adapters: Adapters, chosen: Chosen, conclude: Conclude) -> None:
    """The loss of the last quarter of steps is below that of the first quarter."""
    if gate.experiment == SELECTED:
        experiment = chosen.experiment()
    else:
        experiment = next(one for one in spec.experiments if one.name == gate.experiment)
    artifact = adapters.of(experiment, gate.adapter)
    losses = json.loads((artifact.path / "training.json").read_text(encoding="utf-8"))["losses"]
    quarter = max(1, len(losses) // 4)
    first, last = fmean(losses[:quarter]), fmean(losses[-quarter:])
    conclude(
        Measurement(
            value=float(last < first),
            n=len(losses),
            message=f"mean loss {first:.3f} in the first quarter of {len(losses)} steps, {last:.3f} in the last",
            sources={"adapter": artifact.digest},
        )
    )


def test_intact(gate: Gate, spec: Spec, adapters: Adapters, chosen: Chosen, conclude: Conclude) -> None:
    """The files of the adapter that may ship are sound: safetensors only, finite, of a sane rank, of some effect."""
    adapter = spec.adapters[gate.adapter]
    experiment = None if adapter.path is not None else chosen.experiment()
    sources: dict[str, str] = {}
    try:
        artifact = adapters.files(experiment, adapter)
        sources["adapter"] = artifact.digest
        facts = look_at(adapter, artifact)
    except AdapterError as error:
        conclude(Measurement(0.0, 1, message=str(error), sources=sources))
        return
    message = f"rank {facts.rank}, alpha {facts.alpha}, {facts.tensors} tensors"
    if adapter.path is not None and (note := take(adapter.path).note()):
        message += f"; {note}"
    if facts.base and spec.adapters[gate.adapter].path is not None:
        message += f"; it names the base {facts.base!r}, which was not loaded: the spec's own was"
    conclude(Measurement(1.0, facts.tensors, message=message, sources=sources))


def test_green_again(seeds: Seeds, conclude: Conclude) -> None:
    """Trained with other seeds, the candidate exceeds every threshold on `dev` as well."""
    found, sources = seeds.again()
    qualified = found.qualified
    text = "\n".join(seeds_of.lines(found))
    conclude(Measurement(sum(qualified) / len(qualified), len(qualified), message=text, sources=sources))


def test_qualified(spec: Spec, chosen: Chosen, adapters: Adapters, answers: Answers, conclude: Conclude) -> None:
    """On `dev` one experiment is above the threshold of every gate that it has to pass; the likeliest is chosen."""
    choice = chosen.choice()
    assert choice is not None, "the gate is expected only where something is trained"
    qualified = sum(not one.shortfalls for one in choice.scored)
    conclude(
        Measurement(
            float(choice.selected is not None),
            len(choice.scored),
            message=f"{choice.reason} ({qualified} of {len(choice.scored)} qualified)",
            sources={
                f"answers {experiment.name} {adapter.name} {task}": answers.artifact(
                    adapters.of(experiment, adapter.name), task, "dev"
                ).digest
                for experiment in spec.experiments
                for adapter in [spec.adapters[spec.candidate]]
                for task in adapter.tasks
            },
        )
    )
