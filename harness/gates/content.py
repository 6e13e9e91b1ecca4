"""Refuse a spec whose gates would pass without looking at answers: no items for a metric, or no metric of content."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from harness.errors import SpecError
from harness.gates import aims
from harness.gates.gate import Gate
from harness.metrics import registry, scoring
from harness.spec.objects import Selection, Spec


def check(spec: Spec, gates: tuple[Gate, ...], sizes: Mapping[str, int]) -> None:
    """Refuse a gate over no items, a selection by metrics that `dev` has no items for, and a candidate that is judged
    by form only.

    Args:
        sizes: gate id -> number of items that its metric will be taken over.

    Raises:
        SpecError: with the key and the mend.
        DataError: a data file cannot be read.
    """
    for key, problem in (*_over_nothing(gates, sizes), *_selected_by_nothing(spec), *_without_content(spec)):
        raise SpecError(spec.path, key, problem)


def _over_nothing(gates: tuple[Gate, ...], sizes: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    for gate in gates:
        if gate.check == "threshold" and sizes.get(gate.id) == 0:
            yield (
                f"gates.eval: {gate.id}",
                f"{gate.metric} is taken over no item of {gate.split}, so that nothing would be measured; remove the "
                f"threshold, or add items that {gate.metric} is taken over",
            )


def _selected_by_nothing(spec: Spec) -> Iterator[tuple[str, str]]:
    """(key, mend) for each weight or minimum of a metric that would not be measured; the default weights use what there
    is."""
    gated = {metric for row in aims.rows(spec) for metric in row.above}
    for metric in spec.selection.minimum:
        if metric not in gated:
            yield (
                f"selection.minimum.{metric}",
                f"no gate of the candidate {spec.candidate!r} is on {metric}, so that this minimum would not be looked "
                "at; add the metric to a row of [[gates.eval]], or leave it out",
            )
    if spec.external or spec.selection.weights == Selection().weights:
        return
    items = aims.read(spec, "dev")
    for metric, weight in spec.selection.weights.items():
        if weight and not any(aims.clusters(spec, task, metric, items) for task in items):
            yield (
                f"selection.weights.{metric}",
                f"{metric} is taken over no item of dev, so that it would weigh nothing; leave it out, or add such "
                "items",
            )


def _without_content(spec: Spec) -> Iterator[tuple[str, str]]:
    """(key, mend) for each task of the candidate whose answers are judged by their form only."""
    items = aims.read(spec, "benchmark") if aims.rows(spec) else {}
    forms = scoring.forms_of(spec.tasks)
    for task, own in items.items():
        if all(item.must_refuse for item in own):
            continue
        rows = [row for row in spec.thresholds if row.adapter == spec.candidate and row.split == "benchmark"]
        named = {metric for row in rows if task in spec.tasks_of(row.adapter, row.task) for metric in row.above}
        judged = sorted(name for name in named if scoring.concerned(registry.METRICS[name], own, forms))
        if judged and not any(registry.METRICS[name].looks_at == "content" for name in judged):
            could = ", ".join(sorted(name for name, one in registry.OWN.items() if one.looks_at == "content"))
            yield (
                "gates.eval",
                f"no gate of the candidate {spec.candidate!r} looks at the content of {task!r}: {', '.join(judged)} "
                f"hold for any words in the right form; add a threshold on one of {could}",
            )
