"""The report's section on answers: every adapter's thresholds, parity, gates of other areas, and noise."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from harness.report import noise, regression
from harness.report.catalogue import Say
from harness.report.escape import bullets, cell, table
from harness.report.tables import (
    Document,
    area_table,
    figure,
    gates_of,
    heads,
    measured,
    parts_of_id,
    titled,
)

CUT = "cut at the token limit"
PLACED = frozenset({"training", "eval", "parity", "bnb", "gguf", "data", "bundle"})
"""Areas that other sections show; gates of any other area are shown here."""


def blocks(document: Document, prose: Mapping[str, Any], say: Say) -> list[str]:
    judged = gates_of(document, "eval")
    adapters = dict.fromkeys(parts_of_id(gate)[0] for gate in judged)
    others = dict.fromkeys(str(gate.get("area")) for gate in document.get("gates", []))
    parity = table(
        (say("adapter"), say("task"), say("metric"), *heads(say)),
        [
            [*map(cell, parts_of_id(gate)), cell(gate.get("metric")), *measured(gate, say)]
            for gate in gates_of(document, "parity")
        ],
    )
    by_value = say("Judged by the bare value, which says nothing about items that were not asked.")
    return [
        *(
            titled(
                say("Adapter %(name)s", name=cell(name)),
                _task_table(document, (gate for gate in judged if parts_of_id(gate)[0] == name), say),
            )
            for name in adapters
        ),
        titled(say("Parity"), f"{by_value}\n\n{parity}" if parity else ""),
        *(area_table(document, say, area) for area in others if area not in PLACED),
        *regression.blocks(document, say),
        titled(say("How much of the benchmark was asked"), bullets(_asked(document, say))),
        titled(say("Answers that were cut"), bullets(_cut(judged))),
        titled(say("Noise: the same questions in other batches"), _noise(document.get("noise", []), say)),
    ]


def _asked(document: Document, say: Say) -> Iterator[str]:
    """How much of each benchmark was asked, where asking stops once gates are settled."""
    for one in document.get("asked", []):
        told = {name: cell(one.get(name)) for name in ("adapter", "task", "asked", "of")}
        yield say("%(adapter)s on %(task)s: asked %(asked)s of %(of)s", **told)


def _cut(judged: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """For each sheet, the message of its gate about answers cut at the token limit: they are scored as they stand."""
    for gate in judged:
        if gate.get("metric") == "non_empty":
            rows = str(gate.get("message", "")).split("\n")
            yield from (f"{cell(gate.get('id'))}: {cell(row)}" for row in rows if row.endswith(CUT))


def _task_table(document: Document, gates: Iterable[Mapping[str, Any]], say: Say) -> str:
    rows = []
    for gate in gates:
        moved = noise.band(document, gate)
        shown = "-" if moved is None else f"{moved:.4f}"
        rows.append([cell(parts_of_id(gate)[1]), cell(gate.get("metric")), *measured(gate, say), shown])
    return table((say("task"), say("metric"), *heads(say), say("noise")), rows)


def _noise(entries: Sequence[Mapping[str, Any]], say: Say) -> str:
    """How far figures move when only the batching changes; the form is named where the journal names it."""
    columns = {"form": say("form"), "adapter": say("adapter"), "task": say("task"), "metric": say("metric")}
    names = [name for name in columns if any(name in entry for entry in entries)]
    rows = []
    for entry in entries:
        value, other = entry.get("value"), entry.get("other")
        both = all(isinstance(number, (int, float)) for number in (value, other))
        moved = f"{other - value:+.4f}" if both else "-"  # type: ignore[operator]
        rows.append(
            [*(cell(entry.get(name)) for name in names), figure(value), figure(other), moved, cell(entry.get("n"))]
        )
    shown = [columns[name] for name in names]
    return table((*shown, say("value"), say("other batching"), say("moved"), say("n")), rows)
