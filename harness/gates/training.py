"""Gates of training: items are trained in the form in which they are asked, a sample run works, every adapter learned,
and an experiment qualified."""

from __future__ import annotations

from collections.abc import Iterator

from harness.gates.gate import Gate
from harness.spec.objects import Adapter, Spec

TEMPLATE_IDS = "template_ids"
"""Name of the check that compares what is trained with the base model's chat template."""
SELECTED = "selected"
"""The experiment that is selected, in ids of gates."""


def expected(spec: Spec) -> Iterator[Gate]:
    trained = [adapter for adapter in spec.adapters.values() if adapter.path is None]
    for task in spec.tasks.values():
        if learners := [adapter.name for adapter in trained if task.name in adapter.tasks]:
            yield Gate(
                f"training.{task.name}.{TEMPLATE_IDS}",
                TEMPLATE_IDS,
                f"{task.name}-{TEMPLATE_IDS}",
                spec.gates.training.blocking and spec.candidate in learners,
                metric=TEMPLATE_IDS,
                task=task.name,
                split="train",
            )
    if trained:
        yield Gate("training.sample.runs", "sample_runs", "sample", spec.gates.training.blocking, metric="finite_loss")
    for experiment in spec.experiments if trained else ():
        for adapter in trained:
            if adapter.name == spec.candidate or spec.selection.train == "all":
                yield _learned(spec, experiment.name, adapter)
    for adapter in trained if spec.selection.train == "candidate" else ():
        if adapter.name != spec.candidate:
            yield _learned(spec, SELECTED, adapter)
    for adapter in spec.adapters.values():
        yield Gate(
            f"training.{adapter.name}.intact",
            "intact",
            adapter.name,
            spec.gates.training.blocking and adapter.name == spec.candidate,
            metric="intact",
            adapter=adapter.name,
        )
    if seeds(spec) and spec.adapters[spec.candidate].path is None:
        yield Gate(
            "training.seeds.green_again",
            "green_again",
            "seeds",
            blocking=False,
            metric="green_again",
            adapter=spec.candidate,
            split="dev",
        )
    if not spec.external:
        yield Gate(
            "training.selection.qualified", "qualified", "selection", spec.gates.training.blocking, metric="score"
        )


def seeds(spec: Spec) -> tuple[int, ...]:
    """Seeds with which the candidate of the selected experiment is trained, the spec's own first; () for none."""
    return tuple(spec.seed + k for k in range(spec.gates.training.seeds or 0))


def _learned(spec: Spec, experiment: str, adapter: Adapter) -> Gate:
    return Gate(
        f"training.{experiment}.{adapter.name}.learned",
        "learned",
        f"{experiment}-{adapter.name}",
        spec.gates.training.blocking and adapter.name == spec.candidate,
        metric="loss_fell",
        adapter=adapter.name,
        experiment=experiment,
    )
