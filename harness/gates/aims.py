"""The aims of the selection: the gates over answers that an experiment's candidate must pass, and what `dev` must hold
for that.

`dev` stands in for the benchmark while experiments are compared. So it must hold items for every metric that the
candidate is gated on, and an experiment that misses a threshold there is not tried on the benchmark at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from harness.dataset import files
from harness.dataset.item import Item
from harness.errors import SpecError
from harness.gates import looks
from harness.metrics import registry, scoring
from harness.spec import nearest
from harness.spec.objects import Spec, Thresholds
from harness.statistics import power

Items = Mapping[str, tuple[Item, ...]]
"""Task -> its items."""

FEW = 40
"""Items of a metric below which the plan warns that `dev` tells little: a model that is right nineteen times in twenty
gets all of twenty items right in a third of all draws, and all of forty in an eighth."""


@dataclass(frozen=True, slots=True)
class Aim:
    """One gate that the candidate has to pass on the benchmark."""

    key: str
    """``task.metric``; the task is ``all`` where tasks are pooled."""
    threshold: float
    minimum: float
    """The score that must be exceeded on `dev`; never below the threshold."""
    n: int
    """Independent benchmark items that the gate is taken over."""
    kind: power.Kind
    rule: str
    """``lower_bound`` or ``point``."""

    @property
    def task(self) -> str:
        return self.key.rpartition(".")[0]

    @property
    def metric(self) -> str:
        return self.key.rpartition(".")[2]


def rows(spec: Spec) -> tuple[Thresholds, ...]:
    """The candidate's thresholds on the benchmark: those that block, or all of them where none does."""
    own = [row for row in spec.thresholds if row.adapter == spec.candidate and row.split == "benchmark"]
    return tuple([row for row in own if row.blocking] or own)


def gated(spec: Spec) -> dict[str, bool]:
    """Metric -> whether the selection goes by it, for every metric that the candidate has a threshold in on the
    benchmark, in the registry's order. An advisory threshold does not count in the selection, either."""
    own = {
        name
        for row in spec.thresholds
        if row.adapter == spec.candidate and row.split == "benchmark"
        for name in row.above
    }
    aimed_at = {name for row in rows(spec) for name in row.above}
    return {name: name in aimed_at for name, one in registry.METRICS.items() if name in own and not one.needs_ending}


def of_spec(spec: Spec) -> tuple[Aim, ...]:
    """Every aim, in the order of the spec's rows.

    Raises:
        DataError: a benchmark cannot be read.
    """
    items = read(spec, "benchmark")
    return tuple(
        Aim(
            f"{row.task}.{metric}",
            threshold,
            spec.selection.minimum.get(metric, threshold),
            len(clusters(spec, row.task, metric, items)),
            looks.kind(spec, registry.METRICS[metric].kind),
            row.rule,
        )
        for row in rows(spec)
        for metric, threshold in row.above.items()
    )


def read(spec: Spec, split: str) -> Items:
    """The candidate's items of a split, by task: each file is read once, however many gates are over it.

    Raises:
        DataError: a file cannot be read.
    """
    options = files.options_of(spec)
    tasks = spec.adapters[spec.candidate].tasks
    return {task: files.items_of(spec.tasks[task], split, options) for task in tasks}


def clusters(spec: Spec, name: str, metric: str, items: Items) -> set[tuple[str, str]]:
    """The independent items that a metric of the candidate is taken over: (task, topic)."""
    chosen = [item for task in spec.tasks_of(spec.candidate, name) for item in items[task]]
    return {
        (item.task, item.topic)
        for item in scoring.concerned(registry.METRICS[metric], chosen, scoring.forms_of(spec.tasks))
    }


def check(spec: Spec) -> None:
    """Refuse a spec whose `dev` could not choose: no gate to choose for, or no item of a gated metric.

    Raises:
        SpecError: names the key and the mend.
        DataError: a data file cannot be read.
    """
    if spec.external:
        return
    if not rows(spec):
        raise SpecError(
            spec.path,
            "gates.eval",
            f"no threshold is about the candidate {spec.candidate!r} on the benchmark, so experiments would be "
            f'chosen for nothing; add a row with adapter = "{spec.candidate}"',
        )
    items = read(spec, "dev")
    for row in rows(spec):
        for metric in row.above:
            if not clusters(spec, row.task, metric, items):
                raise SpecError(
                    spec.path,
                    f"tasks.{spec.tasks_of(row.adapter, row.task)[0]}.dev",
                    f"holds no item that {metric!r} is taken over, and eval.{row.adapter}.{row.task}.{metric} is gated "
                    "on it: experiments could not be told apart; add such items (40 or more tell something)",
                )


def dev_lines(spec: Spec) -> Iterator[str]:
    """Lines for the plan: the differences that `dev` can show in each metric, with a warning where it holds few
    items."""
    items = read(spec, "dev")
    for aim in of_spec(spec):
        n = len(clusters(spec, aim.task, aim.metric, items))
        told = 1.0 - 0.1 ** (1.0 / n)
        few = f"  warning: fewer than {FEW} items choose by luck" if n < FEW else ""
        yield (
            f"  {aim.key:<28} {n:>4} items: one counts {1 / n:.3f}; a loss of {told:.3f} of what a flawless one "
            f"keeps shows nine times in ten{few}"
        )


def wrong_names(spec: Spec) -> Iterator[tuple[str, str]]:
    """Each unknown metric of the selection, and each minimum below its gate's threshold.

    Yields:
        The key, and both numbers or the nearest name.
    """
    for key, given in (("weights", spec.selection.weights), ("minimum", spec.selection.minimum)):
        for metric in given:
            if metric not in registry.METRICS:
                yield f"selection.{key}.{metric}", f"unknown metric; {nearest.mend(metric, registry.METRICS)}"
    for metric, least in spec.selection.minimum.items():
        above = [(row.above[metric], row.task) for row in rows(spec) if metric in row.above]
        if above and least < max(above)[0]:
            threshold, task = max(above)
            yield (
                f"selection.minimum.{metric}",
                f"{least} lies below the threshold {threshold} of the candidate's gate on {task}: an experiment could "
                "be chosen that its own gate refuses; raise it, or leave it out (the thresholds are the default)",
            )
