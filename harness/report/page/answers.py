"""The rows of the page's table of answers: each judged answer with its prompt, its reference and its scores.

They are read from the store by the digests in the run's journal, so what is shown is what was judged.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from harness.dataset import checks
from harness.dataset.item import Item
from harness.engines import answers
from harness.metrics import scoring
from harness.metrics.metric import Forms
from harness.metrics.points import said
from harness.releases.judged_items import JudgedItem, digest_of
from harness.run.last import LastRun
from harness.spec.objects import Spec

SPLIT = "benchmark"
MOST_SLICES = 12
"""Most distinct values of a record's field by which answers are grouped: a field with more is text."""


@dataclass(frozen=True, slots=True)
class Row:
    """One adapter's answer to one benchmark item."""

    adapter: str
    task: str
    item: str
    kind: str
    slices: Mapping[str, str]
    """Field of the record, such as `chapter` -> its value."""
    prompt: tuple[tuple[str, str], ...]
    """(role, text) of each turn."""
    reference: str
    answer: str
    cut: bool
    """Whether the answer was ended by the token limit."""
    scores: Mapping[str, float]
    """Metric -> score, of the metrics that concern the item."""
    said: tuple[str, ...]
    """First wording of each point that the answer says; () where the item is to be refused."""
    missed: tuple[str, ...]
    """First wording of each point that it does not say."""
    before: str | None = None
    """The earlier release's answer, for the candidate only; None where it was not asked exactly this item."""
    before_scores: Mapping[str, float] | None = None


def gather(spec: Spec, run: LastRun, earlier: Iterable[JudgedItem] = ()) -> tuple[Row, ...]:
    """The rows of every adapter that answered the benchmark in this run, the candidate's first.

    Args:
        earlier: the items that the release compared with has kept.

    Raises:
        StoreError, NothingStoredError: answers that were judged are no longer in the store.
        DataError: a benchmark file cannot be read any more.
        MetricError: an installed metric failed.
    """
    before = {one.digest: one for one in earlier}
    forms = scoring.forms_of(spec.tasks)
    found: list[Row] = []
    for adapter in sorted(spec.adapters.values(), key=lambda one: one.name != spec.candidate):
        for task in adapter.tasks:
            label = "given" if adapter.path is not None else run.experiment
            sheet = run.find(f"answers {label} {adapter.name} {task} {SPLIT}")
            if sheet is None or SPLIT not in spec.tasks[task].files:
                continue
            items = checks.items_of(spec.tasks[task], SPLIT, checks.options_of(spec))
            told = answers.read(sheet, [item.id for item in items])
            known = before if adapter.name == spec.candidate else {}
            fields = slice_fields(items)
            found += [_row(adapter.name, item, told[item.id], forms[task], fields, known) for item in items]
    return tuple(found)


def slice_fields(items: Iterable[Item]) -> tuple[str, ...]:
    """Fields of the records that group the items: texts with 2 to `MOST_SLICES` different values, each of which occurs
    at least twice."""
    values: dict[str, dict[str, int]] = {}
    for item in items:
        for name, value in item.fields.items():
            if isinstance(value, str) and name not in ("id", "task", "kind", "topic", "reference"):
                counts = values.setdefault(name, {})
                counts[value] = counts.get(value, 0) + 1
    return tuple(
        name for name, counts in values.items() if 2 <= len(counts) <= MOST_SLICES and min(counts.values()) >= 2
    )


def _row(
    adapter: str,
    item: Item,
    told: answers.Answer,
    forms: Forms,
    fields: Iterable[str],
    before: Mapping[str, JudgedItem],
) -> Row:
    points = () if item.must_refuse else item.points
    heard = said(item, told.said) if points else ()
    earlier = before.get(digest_of(item)) if before else None
    return Row(
        adapter=adapter,
        task=item.task,
        item=item.id,
        kind=item.kind,
        slices={name: str(item.fields[name]) for name in fields if name in item.fields},
        prompt=tuple((str(turn.get("role", "")), _text(turn)) for turn in item.messages),
        reference=item.reference,
        answer=told.text,
        cut=told.stop == "length",
        scores=scoring.scores_of(item, told.said, forms),
        said=tuple(point.wordings[0] for point, hit in zip(points, heard, strict=True) if hit),
        missed=tuple(point.wordings[0] for point, hit in zip(points, heard, strict=True) if not hit),
        before=None if earlier is None else earlier.answer,
        before_scores=None if earlier is None else dict(earlier.scores),
    )


def _text(turn: Mapping[str, Any]) -> str:
    """A turn's text; of a turn that holds more (parts, calls), the whole turn as JSON."""
    content, more = turn.get("content"), {key: turn[key] for key in turn if key != "role"}
    return content if isinstance(content, str) and len(more) == 1 else json.dumps(more, ensure_ascii=False, default=str)


def means(rows: Iterable[Row], field: str) -> Iterator[tuple[tuple[str, str, str, str], float, int]]:
    """((adapter, task, metric, value of the field), mean score, number of items), in order of first appearance."""
    sums: dict[tuple[str, str, str, str], tuple[float, int]] = {}
    for row in rows:
        value = row.kind if field == "kind" else row.slices.get(field, "")
        for metric, score in row.scores.items():
            if value:
                total, n = sums.get((row.adapter, row.task, metric, value), (0.0, 0))
                sums[row.adapter, row.task, metric, value] = (total + score, n + 1)
    for key, (total, n) in sums.items():
        yield key, total / n, n
