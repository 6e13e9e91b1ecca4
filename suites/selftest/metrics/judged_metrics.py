"""Answers judged by hand for the metrics that a task declares: each row is an item of its own, with its settings.

``python -m suites.selftest.metrics.judged_metrics`` prints the agreement by metric and each disagreement.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.dataset.item import Item
from harness.metrics import Forms, registry, settings
from harness.metrics.metric import score_of
from harness.text.output import Output

TABLES = Path(__file__).parent / "judged" / "metrics"

NAMES = tuple(sorted(path.stem for path in TABLES.glob("*.jsonl")))

_NEAR = 1e-5  # verdicts are written with six digits


@dataclass(frozen=True, slots=True)
class Row:
    """One answer, the bounds within which the reader wants its score, and the score that the metric gives."""

    reference: str
    answer: str
    why: str
    least: float
    most: float
    given: float

    @property
    def agrees(self) -> bool:
        return self.least - _NEAR <= self.given <= self.most + _NEAR

    def __str__(self) -> str:
        wanted = f"{self.least:g}" if self.least == self.most else f"{self.least:g} to {self.most:g}"
        return f"{self.reference!r}: {self.answer!r}: reader {wanted}, metric {self.given:g} ({self.why})"


def forms(name: str, table: dict[str, Any]) -> Forms:
    """What a task declares that has this one metric."""
    kind = registry.METRICS[name].settings
    assert kind is not None, f"{name} has no settings"
    return Forms("(?s:.*)", "Declined: .*", {name: settings.read(kind, table)})


def item(reference: str, fields: dict[str, Any] | None = None) -> Item:
    turns = ({"role": "user", "content": "Answer."},)
    return Item("row", "judged", "plain", "", turns, reference, (), 1, fields or {})


def judged(name: str) -> list[Row]:
    """Every row of a metric's table, scored."""
    found = []
    for line in (TABLES / f"{name}.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        answer = Output(row["answer"], cut=row.get("cut", False))
        asked = item(row["reference"], row.get("fields"))
        given = score_of(registry.METRICS[name], asked, answer, forms(name, row.get("settings", {})))
        bounds = row["value"] if isinstance(row["value"], list) else [row["value"]] * 2
        found.append(Row(row["reference"], row["answer"], row["why"], *bounds, given))
    return found


def report() -> str:
    """The agreement of each metric, with the disagreements."""
    lines = []
    for name in NAMES:
        rows = judged(name)
        lines.append(f"{name}: {sum(row.agrees for row in rows)} of {len(rows)} agree")
        lines += [f"    {row}" for row in rows if not row.agrees]
    return "\n".join(lines)


if __name__ == "__main__":
    print(report())
