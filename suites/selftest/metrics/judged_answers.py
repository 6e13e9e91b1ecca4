"""Answers judged by hand, and how far each metric agrees with them.

``python -m suites.selftest.metrics.judged_answers`` prints the agreement by metric and phenomenon and each
disagreement.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from harness.dataset.item import Item, Point
from harness.metrics import Forms, registry

TABLES = Path(__file__).parent / "judged"
REFUSE, LOOK_ALIKE = ("graded", "no-brief"), "look-alike"
"""Kinds of the tables' items that must be refused, and that only look like it."""

FIELDS = {
    "coverage": (("coverage", "value"),),
    "format": (("format", "value"),),
    "refused": (("refused", "value"),),
    "answered": (("answered", "value"),),
    "refusal-pooled": (("refused", "value"), ("answered", "value")),
    "citation-precision": (("citation", "precision"),),
    "citation-recall": (("citation", "recall"),),
    "non_empty": (("non_empty", "value"),),
}
"""Metric -> its tables, and the field of a row that holds the reader's verdict."""

LATER = "coverage_later"
"""Table of rows about coverage that were judged after the matching was written; the matching was not changed for
them."""

MATCHER = "matcher"
"""Table of rows about coverage with their own question, reference and points: signs, numbers, scripts, denials, and
texts that contain a wording without saying it."""

MATCHER_LATER = "matcher_later"
"""Table of more rows of the same kinds, judged after the matcher was changed and before it was run on them. Kinds of
faults that they showed were mended afterwards."""

_NEAR = 1e-5  # verdicts are written with six digits


@dataclass(frozen=True, slots=True)
class Judged:
    """One answer, what the reader gave it and what the metric gives it."""

    item: str
    answer: str
    phenomenon: str
    why: str
    wanted: float
    given: float

    @property
    def agrees(self) -> bool:
        return abs(self.wanted - self.given) < _NEAR

    def __str__(self) -> str:
        verdicts = f"reader {self.wanted:g}, metric {self.given:g} ({self.why})"
        return f"{self.phenomenon}: {self.item}: {self.answer!r}: {verdicts}"


def judged(metric: str) -> list[Judged]:
    """Every row of a metric's tables, scored."""
    return [row for table, field in FIELDS[metric] for row in _scored(metric, table, field)]


def judged_later() -> list[Judged]:
    """The rows of `LATER`, scored by coverage."""
    return list(_scored("coverage", LATER, "value"))


def judged_matcher(table: str = MATCHER) -> list[Judged]:
    """The rows of `MATCHER` or `MATCHER_LATER`, scored by coverage; each is an item of its own."""
    found = []
    for row in _rows(table):
        turns = ({"role": "user", "content": row["question"]},)
        points = tuple(Point(tuple(wordings)) for wordings in row["points"])
        item = Item(row["question"], "judged", "plain", "", turns, row["reference"], points, 1)
        given = registry.METRICS["coverage"].score(item, row["answer"], Forms("(?s:.*)", "Declined: .*"))
        found.append(Judged(item.id, row["answer"], row["phenomenon"], row["why"], row["value"], given))
    return found


def _scored(metric: str, table: str, field: str) -> Iterator[Judged]:
    known = _items()
    for row in _rows(table):
        item, forms = known[row["item"]]
        given = registry.METRICS[metric].score(item, row["answer"], forms)
        yield Judged(item.id, row["answer"], row["phenomenon"], row["why"], row[field], given)


def agreement(rows: list[Judged]) -> float:
    """Share of the rows in which the metric says what the reader said."""
    return sum(row.agrees for row in rows) / len(rows)


def by_phenomenon(rows: list[Judged]) -> dict[str, tuple[int, int]]:
    """Phenomenon -> (rows that agree, rows)."""
    found: dict[str, tuple[int, int]] = {}
    for row in rows:
        agree, n = found.get(row.phenomenon, (0, 0))
        found[row.phenomenon] = agree + row.agrees, n + 1
    return dict(sorted(found.items()))


@cache
def _items() -> dict[str, tuple[Item, Forms]]:
    return {row["id"]: (_item(row), Forms(row["answer_form"], row["refusal_form"])) for row in _rows("items")}


def _item(row: dict[str, Any]) -> Item:
    points = tuple(Point(tuple(point["wordings"]), point.get("note", "")) for point in row["points"])
    turns = ({"role": "user", "content": row["prompt"]},)
    kind = row["kind"]
    item = Item(row["id"], "judged", kind, row["id"], turns, row["reference"], points, 1)
    return replace(item, must_refuse=kind in REFUSE, look_alike=kind == LOOK_ALIKE)


def _rows(table: str) -> Iterator[dict[str, Any]]:
    with (TABLES / f"{table}.jsonl").open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def report() -> str:
    """The agreement of every metric, by phenomenon, with the disagreements."""
    lines = []
    for metric, rows in [
        *((name, judged(name)) for name in FIELDS),
        (LATER, judged_later()),
        (MATCHER, judged_matcher()),
    ]:
        lines.append(f"{metric}: {sum(row.agrees for row in rows)} of {len(rows)} agree ({agreement(rows):.3f})")
        lines += [f"  {name}: {agree} of {n}" for name, (agree, n) in by_phenomenon(rows).items()]
        lines += [f"    {row}" for row in rows if not row.agrees]
    return "\n".join(lines)


if __name__ == "__main__":
    print(report())
