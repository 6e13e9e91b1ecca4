"""A data check: every reference answer must score 1 in every metric that the spec declares for its task.

A reference that does not shows a metric that cannot be met as declared: a label outside of its set, note ids that the
citation metric does not know, a form that no refusal has, a point that the reference denies against its prompt.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from harness.dataset import files
from harness.dataset.check import Check
from harness.dataset.findings import Checked, Finding, quote, tally
from harness.dataset.item import Item
from harness.errors import StageTimeoutError
from harness.metrics import scoring
from harness.metrics.metric import Forms, Metric, MetricError, concerns, score_of
from harness.metrics.points import prompts
from harness.metrics.registry import METRICS
from harness.spec.data import Options
from harness.spec.objects import Spec, Task
from harness.text.output import Output
from harness.text.wordings import holds, says

LOW, DENIED, FAILED = "low-reference", "denied-point", "unscored-reference"
"""Kinds of findings."""

CHECK = Check(
    name="references_score",
    holds="Every reference answer earns all of every metric that the spec declares for its task.",
    kinds=frozenset({LOW, DENIED, FAILED}),
)
"""Not in the registry of `harness.dataset`, which knows no metrics; its gates stand beside those of the registry's
checks."""

_QUESTION = re.compile("[^.!?\u3002\uff01\uff1f\\n]*[?\uff1f]")


def check(task: Task, split: str, chosen: Options) -> Checked:
    """Every reference of a file by every declared metric that concerns its item.

    Raises:
        DataError: the file is not the one that the run opened with.
    """
    path = task.files[split]
    items = files.Counted(task, split, chosen)
    wanted = [METRICS[name] for name in task.metrics if name in METRICS]
    forms = scoring.forms_of({task.name: task})[task.name]
    found = tally(one for item in items for one in _findings(path, item, wanted, forms) if one.kind not in chosen.allow)
    note = f"by {', '.join(metric.name for metric in wanted)}"
    told = "\n".join(filter(None, (note, items.note())))
    return Checked(found, items.count, {path.name: files.digest_of(path, chosen)}, told)


def blocking_findings(spec: Spec, tasks: Iterable[str]) -> list[Finding]:
    """Findings that forbid training on these tasks: those of the references that would be learned."""
    chosen = files.options_of(spec)
    if CHECK.name in chosen.advisory:
        return []
    named = (spec.tasks[name] for name in tasks)
    checked = [check(task, "train", chosen) for task in named if task.metrics and "train" in task.files]
    return [one for result in checked if result.share < chosen.threshold(CHECK.name) for one in result.tally.kept]


def _findings(path: Path, item: Item, metrics: Iterable[Metric], forms: Forms) -> Iterator[Finding]:
    reference = Output(item.reference, cut=False)
    for metric in metrics:
        if not concerns(metric, item, forms):
            continue
        try:
            value = score_of(metric, item, reference, forms)
        except (MetricError, StageTimeoutError) as error:
            yield Finding(path, item.line, "reference", f"item {item.id}: {error}", FAILED)
            continue
        if value < 1.0:
            yield Finding(
                path,
                item.line,
                "reference",
                f"item {item.id}: {metric.name} gives its own reference {value:.4g}, so that no answer could be right; "
                f"mend the reference or what [tasks.{item.task}] declares: {quote(item.reference, 80)}",
                LOW,
                evidence=quote(item.reference),
            )
        elif metric.name == "coverage":
            yield from _denied(path, item)


def _denied(path: Path, item: Item) -> Iterator[Finding]:
    """A finding for each point that the reference names and never affirms, although the prompt states it."""
    prompt = _QUESTION.sub("", "\n".join(prompts(item)))
    for number, point in enumerate(item.points):
        standing = [wording for wording in point.wordings if holds(item.reference, wording)]
        if standing and not any(says(item.reference, wording) for wording in standing):
            stated = next((wording for wording in point.wordings if says(prompt, wording)), None)
            if stated is not None:
                yield Finding(
                    path,
                    item.line,
                    f"points[{number}]",
                    f"item {item.id}: the prompt states {quote(stated)} and the reference denies it, so that coverage "
                    "counts the denial alone; mend the one that is wrong",
                    DENIED,
                    evidence=quote(item.reference),
                )
