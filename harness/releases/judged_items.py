"""The file of judged items in a release: each benchmark item's digest, the candidate's answer to it, and its scores.

With it a later release can be compared item by item where neither the store nor the benchmark's file is at hand,
and whoever receives a bundle can work out the values of its verdict again.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from harness.dataset.item import Item
from harness.dataset.records import parse_lines
from harness.errors import DataError
from harness.metrics import registry, scoring
from harness.metrics.metric import Forms
from harness.spec import papers
from harness.statistics import bounds
from harness.store import digests

FILE = papers.JUDGED
_COUNTED_BY_ITEM = "non_empty"  # its gate wants every answer, whatever their topics
_NEAR = 1e-9  # a mean of the same scores, added up in another order


@dataclass(frozen=True, slots=True)
class JudgedItem:
    task: str
    item: str
    """Its id, unique within the task."""
    topic: str
    """The cluster that it counts with."""
    digest: str
    """Digest of the question and the wanted points (`digest_of`)."""
    answer: str
    scores: Mapping[str, float]
    """Metric -> score, for the metrics that concern the item."""


def digest_of(item: Item) -> str:
    """SHA-256 of an item's prompt, kind, points and tools: answers to items of equal digest can be compared."""
    points = [list(point.wordings) for point in item.points]
    tools = [[dict(tool) for tool in item.tools]] if item.tools else []
    return digests.of_value([item.task, item.kind, [dict(turn) for turn in item.messages], points, *tools])


def benchmark_digest(items: Iterable[Item]) -> str:
    """SHA-256 of a whole benchmark, independent of the order of its items."""
    return digests.of_value(sorted([item.task, item.id, digest_of(item)] for item in items))


def judge(
    items: Iterable[Item], answers: Mapping[tuple[str, str], str], forms: Mapping[str, Forms]
) -> tuple[JudgedItem, ...]:
    """Every item with its answer and its scores.

    Args:
        answers: (task, item id) -> answer text.

    Raises:
        KeyError: an item has no answer.
        MetricError: an installed metric failed, or gave no score.
    """
    found = []
    for item in items:
        answer = answers[item.task, item.id]
        scores = scoring.scores_of(item, answer, forms[item.task])
        found.append(JudgedItem(item.task, item.id, item.topic, digest_of(item), answer, scores))
    return tuple(found)


def render(judged: Iterable[JudgedItem]) -> str:
    """The text of the file: one JSON object a line."""
    return "".join(json.dumps(asdict(one), ensure_ascii=False, sort_keys=True) + "\n" for one in judged)


def read(path: Path) -> tuple[JudgedItem, ...]:
    """The items of a file, which may come from elsewhere.

    Raises:
        DataError: it is missing or empty, or a line is not what `render` writes.
    """
    return tuple(_item(path, line, record) for line, record in parse_lines(path))


def _item(path: Path, line: int, record: dict[str, Any]) -> JudgedItem:
    texts = ("task", "item", "topic", "digest", "answer")
    if set(record) != {*texts, "scores"} or not all(isinstance(record[name], str) for name in texts):
        raise DataError(path, line, f"not the texts {', '.join(texts)} and the scores of a judged item")
    scores = record["scores"]
    if not isinstance(scores, dict) or not all(type(one) in (int, float) and 0 <= one <= 1 for one in scores.values()):
        raise DataError(path, line, "scores must be numbers from 0 to 1 by metric")
    return JudgedItem(**record)


def contradictions(judged: Sequence[JudgedItem], gates: Iterable[Mapping[str, Any]], candidate: str) -> list[str]:
    """The values of a verdict's gates that the candidate's items do not give, in words.

    Every value of a metric over the candidate's benchmark is worked out again; a value that is None was withheld.
    """
    wrong, checked = [], 0
    for gate in gates:
        area, adapter, task, metric = [*str(gate["id"]).split("."), "", "", ""][:4]
        if (area, adapter) != ("eval", candidate) or metric not in registry.METRICS or gate["value"] is None:
            continue
        if metric == _COUNTED_BY_ITEM:
            continue
        checked += 1
        scores = [
            (f"{one.task}/{one.topic}", one.scores[metric])
            for one in judged
            if task in ("all", one.task) and metric in one.scores
        ]
        values = bounds.cluster_means(scores) if scores else []
        mean = sum(values) / len(values) if values else math.nan
        if not abs(mean - float(gate["value"])) <= _NEAR:
            wrong.append(f"{gate['id']} is {gate['value']} in the verdict, and {mean:.6f} by the items kept")
    return wrong if checked else [f"the verdict holds no value of {candidate} on the benchmark"]
