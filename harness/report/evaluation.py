"""The report's section on answers: every adapter's thresholds, parity, the other areas, and the noise."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from harness.report import noise, regression
from harness.report.escape import bullets, cell, table
from harness.report.tables import (
    MEASURED,
    Document,
    figure,
    gate_table,
    gates_of,
    measured,
    parts_of_id,
    titled,
)

CUT = "cut at the token limit"
PLACED = frozenset({"training", "eval", "parity", "bnb", "gguf", "data", "bundle"})
"""Areas that a section of their own shows; gates of any other area stand here."""


def blocks(document: Document) -> list[str]:
    judged = gates_of(document, "eval")
    adapters = dict.fromkeys(parts_of_id(gate)[0] for gate in judged)
    others = dict.fromkeys(str(gate.get("area")) for gate in document.get("gates", []))
    parity = table(
        ("adapter", "task", "metric", *MEASURED),
        [
            [*map(cell, parts_of_id(gate)), cell(gate.get("metric")), *measured(gate)]
            for gate in gates_of(document, "parity")
        ],
    )
    by_value = "Judged by the bare value, which says nothing about items that were not asked."
    return [
        *(
            titled(
                f"Adapter {cell(name)}",
                _task_table(document, (gate for gate in judged if parts_of_id(gate)[0] == name)),
            )
            for name in adapters
        ),
        titled("Parity", f"{by_value}\n\n{parity}" if parity else ""),
        *(titled(f"{cell(area)} gates", gate_table(gates_of(document, area))) for area in others if area not in PLACED),
        *regression.blocks(document),
        titled("How much of the benchmark was asked", bullets(_asked(document))),
        titled("Answers that were cut", bullets(_cut(judged))),
        titled("Noise: the same questions in other batches", _noise(document.get("noise", []))),
    ]


def _asked(document: Document) -> Iterator[str]:
    """Where asking stops once gates are settled, what of each benchmark was asked."""
    for one in document.get("asked", []):
        adapter, task, asked, of = (cell(one.get(name)) for name in ("adapter", "task", "asked", "of"))
        yield f"{adapter} on {task}: asked {asked} of {of}"


def _cut(judged: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """What each sheet's gate says of answers at the token limit: they are scored as they stand, so readers are told."""
    for gate in judged:
        if gate.get("metric") == "non_empty":
            rows = str(gate.get("message", "")).split("\n")
            yield from (f"{cell(gate.get('id'))}: {cell(row)}" for row in rows if row.endswith(CUT))


def _task_table(document: Document, gates: Iterable[Mapping[str, Any]]) -> str:
    rows = []
    for gate in gates:
        moved = noise.band(document, gate)
        shown = "-" if moved is None else f"{moved:.4f}"
        rows.append([cell(parts_of_id(gate)[1]), cell(gate.get("metric")), *measured(gate), shown])
    return table(("task", "metric", *MEASURED, "noise"), rows)


def _noise(entries: Sequence[Mapping[str, Any]]) -> str:
    """How far figures move when only the batching changes; the form is shown where the journal names it."""
    names = [name for name in ("form", "adapter", "task", "metric") if any(name in entry for entry in entries)]
    rows = []
    for entry in entries:
        value, other = entry.get("value"), entry.get("other")
        both = all(isinstance(number, (int, float)) for number in (value, other))
        moved = f"{other - value:+.4f}" if both else "-"  # type: ignore[operator]
        rows.append(
            [*(cell(entry.get(name)) for name in names), figure(value), figure(other), moved, cell(entry.get("n"))]
        )
    return table((*names, "value", "other batching", "moved", "n"), rows)
