"""Gates over answers, for every adapter and task: not empty, ended by themselves, without thinking where the spec turns
it off, and the same when asked again; then each threshold.

A threshold that its benchmark can never prove is refused when the spec is read (`check_provable`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from harness.dataset import files
from harness.errors import SpecError
from harness.gates import looks
from harness.gates.gate import Gate
from harness.metrics import registry, scoring
from harness.spec import nearest
from harness.spec.objects import Spec, Thresholds
from harness.statistics import power


def expected(spec: Spec) -> Iterator[Gate]:
    judged: dict[tuple[str, str], bool] = {}
    for row in spec.thresholds:
        if row.split == "benchmark":
            for task in spec.tasks_of(row.adapter, row.task):
                judged[row.adapter, task] = judged.get((row.adapter, task), False) or row.blocking
    for (adapter, task), blocking in judged.items():
        yield Gate(
            f"eval.{adapter}.{task}.non_empty",
            "non_empty",
            f"{adapter}-{task}-non_empty",
            blocking,
            metric="non_empty",
            adapter=adapter,
            task=task,
            split="benchmark",
        )
        yield Gate(
            f"eval.{adapter}.{task}.ends_by_itself",
            "ends_by_itself",
            f"{adapter}-{task}-ends_by_itself",
            blocking,
            metric="ends_by_itself",
            threshold=spec.ends_by_itself,
            adapter=adapter,
            task=task,
            split="benchmark",
        )
        if spec.base.chat.thinking_off:
            yield Gate(
                f"eval.{adapter}.{task}.no_thinking",
                "no_thinking",
                f"{adapter}-{task}-no_thinking",
                blocking,
                metric="no_thinking",
                adapter=adapter,
                task=task,
                split="benchmark",
            )
    yield from _repeats(spec)
    for task in spec.adapters[spec.candidate].tasks if spec.noise_sample else ():
        if "benchmark" in spec.tasks[task].files:
            yield Gate(
                f"eval.{spec.candidate}.{task}.same_in_other_batches",
                "same_in_other_batches",
                f"{spec.candidate}-{task}-same_in_other_batches",
                blocking=False,
                metric="same_in_other_batches",
                adapter=spec.candidate,
                task=task,
                split="benchmark",
            )
    for row in spec.thresholds:
        yield from _thresholds(spec, row)


def _repeats(spec: Spec) -> Iterator[Gate]:
    """The gates of repeatability: the candidate's answers are the same when they are generated again."""
    for task in spec.adapters[spec.candidate].tasks:
        yield Gate(
            f"eval.{spec.candidate}.{task}.determinism",
            "determinism",
            f"{spec.candidate}-{task}",
            blocking=True,
            metric="same_again",
            adapter=spec.candidate,
            task=task,
            split="benchmark",
        )


def unknown_metrics(spec: Spec) -> Iterator[tuple[str, str]]:
    """(key, mend) for each threshold on an unknown metric."""
    for row in spec.thresholds:
        for metric in row.above:
            if metric not in registry.METRICS:
                yield "gates.eval.above", f"unknown metric {metric!r}; {nearest.mend(metric, registry.METRICS)}"


def _thresholds(spec: Spec, row: Thresholds) -> Iterator[Gate]:
    for metric, threshold in row.above.items():
        area = "eval" if row.split == "benchmark" else row.split
        yield Gate(
            f"{area}.{row.adapter}.{row.task}.{metric}",
            "threshold",
            f"{row.adapter}-{row.task}-{metric}",
            row.blocking,
            rule="point" if row.rule == "point" else "lower_bound",
            metric=metric,
            threshold=threshold,
            expected=row.expected.get(metric),
            adapter=row.adapter,
            task=row.task,
            split=row.split,
        )


def sizes(spec: Spec, gates: Iterable[Gate]) -> dict[str, int]:
    """Gate id -> number of clusters that its metric will be taken over, for the gates over answers.

    Raises:
        DataError: a benchmark cannot be read.
    """
    chosen_options = files.options_of(spec)
    items = {
        (task.name, split): files.items_of(task, split, chosen_options)
        for task in spec.tasks.values()
        for split in ("benchmark", "parity")
        if split in task.files
    }
    found, forms = {}, scoring.forms_of(spec.tasks)
    for gate in gates:
        if gate.check in ("threshold", "not_worse"):
            tasks = spec.tasks_of(gate.adapter, gate.task)
            chosen = [item for task in tasks for item in items[task, gate.split]]
            concerned = scoring.concerned(registry.METRICS[gate.metric], chosen, forms)
            found[gate.id] = len({(item.task, item.topic) for item in concerned})
    return found


def check_provable(spec: Spec, gates: tuple[Gate, ...], sizes: Mapping[str, int]) -> list[str]:
    """Refuse a threshold that no answers could prove with so few items; return a warning where it only advises.

    Args:
        sizes: gate id -> number of items that its metric will be taken over.

    Returns:
        Warnings: an advisory gate that can never pass is no reason to judge nothing.

    Raises:
        SpecError: even a perfect score over that many items would be inconclusive.
    """
    warnings = []
    for gate in gates:
        if gate.rule != "lower_bound":
            continue
        kind = registry.METRICS[gate.metric].kind
        if gate.split == "benchmark":
            kind = looks.kind(spec, kind)
        n = sizes[gate.id]
        if n == 0 or power.wrong_allowed(n, gate.threshold, spec.confidence, kind) < 0:
            problem = (
                f"{n} items can never prove more than {gate.threshold} at {spec.confidence:.0%} confidence; "
                f"{_needed(gate.threshold, spec.confidence, kind)}"
            )
            if gate.blocking:
                raise SpecError(spec.path, f"gates.eval: {gate.id}", problem)
            warnings.append(f"{gate.id} only advises, and can never pass: {problem}")
    return warnings


def _needed(threshold: float, confidence: float, kind: power.Kind) -> str:
    """The number of items that could prove a threshold, in words, or that no practical number could."""
    try:
        return f"{power.items_needed(threshold, 0, confidence, kind)} are needed with none wrong"
    except ValueError as error:
        return str(error)
