"""The data that a page shows beside the verdict document: answers, losses, slices, earlier figures, or why they are
absent."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.errors import GreenrunError
from harness.gates.entry import Entry
from harness.report.page import answers, history
from harness.report.page.answers import Row
from harness.report.page.history import Past
from harness.report.page.shown import Shown
from harness.run import last

TRAINING = "training.json"


@dataclass(frozen=True, slots=True)
class Heat:
    """A heat map: mean scores for the values of one field, for one adapter and task; a row a value, a column a
    metric."""

    adapter: str
    task: str
    field: str
    metrics: tuple[str, ...]
    rows: tuple[tuple[str, tuple[tuple[float, int] | None, ...]], ...]
    """Value of the field -> (mean, items) a metric; None where the metric concerns none of its items."""


@dataclass(frozen=True, slots=True)
class View:
    rows: tuple[Row, ...] = ()
    no_answers: str = "not looked for"
    """Why there are no rows; "" where there are some."""
    losses: Mapping[str, Sequence[float]] = field(default_factory=dict)
    """Experiment -> loss of each step of its candidate's training."""
    heats: tuple[Heat, ...] = ()
    past: tuple[Past, ...] = ()


def of(shown: Shown, out: Path, document: Mapping[str, Any], journal: Sequence[Entry]) -> View:
    """The view of a run, from the answers at hand, its journal, the store and the bundles below `out`.

    What is damaged or gone is left out: a missing picture must not cost the verdict.
    """
    run = last.of_journal(str(document.get("run_id", "")), out, journal)
    return View(shown.rows, shown.why, _losses(document, run), heats(shown.rows), history.releases(out, document))


def _losses(document: Mapping[str, Any], run: last.LastRun) -> dict[str, list[float]]:
    found = {}
    for one in document.get("experiments", []):
        name = str(one.get("name"))
        try:
            folder = run.find(f"adapter {name} {document.get('candidate_adapter')}")
            if folder is not None:
                found[name] = list(json.loads((folder / TRAINING).read_text(encoding="utf-8"))["losses"])
        except (GreenrunError, OSError, ValueError, KeyError, TypeError):
            continue
    return found


def heats(rows: Sequence[Row]) -> tuple[Heat, ...]:
    """A heat map for the kind of item and for every other field that groups the items."""
    fields = ["kind", *dict.fromkeys(name for row in rows for name in row.slices)]
    found = []
    for name in fields:
        cells = {key: (mean, n) for key, mean, n in answers.means(rows, name)}
        for adapter, task in dict.fromkeys((key[0], key[1]) for key in cells):
            own = {key[2:]: cell for key, cell in cells.items() if key[:2] == (adapter, task)}
            metrics = tuple(dict.fromkeys(metric for metric, _ in own))
            values = sorted({value for _, value in own})
            table = tuple((value, tuple(own.get((metric, value)) for metric in metrics)) for value in values)
            found.append(Heat(adapter, task, name, metrics, table))
    return tuple(found)
