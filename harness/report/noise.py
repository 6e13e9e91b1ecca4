"""The noise band of a figure: how far it moves when only the batching changes, and where that could decide a gate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from harness.report.catalogue import Say
from harness.report.escape import plain

ALL = "all"
"""The task name that pools an adapter's tasks; its band is that of the task whose figures move most."""

Document = Mapping[str, Any]


def band(document: Document, gate: Mapping[str, Any]) -> float | None:
    """Distance by which the gate's value moved on the sample; None where nothing was asked in other batches."""
    area, adapter, task, metric = [*str(gate.get("id", "")).split("."), "", "", ""][:4]
    moved = [
        abs(row["other"] - row["value"])
        for row in document.get("noise", [])
        if area == "eval"
        and (row.get("adapter"), row.get("metric")) == (adapter, metric)
        and task in (ALL, row.get("task"))
        and all(isinstance(row.get(name), (int, float)) for name in ("value", "other"))
    ]
    return max(moved, default=None)


def warnings(document: Document) -> Iterator[str]:
    """Gates that another batching could have decided otherwise, in words."""
    for gate in document.get("gates", []):
        moved, rule = band(document, gate), gate.get("rule")
        figure, threshold = gate.get("value" if rule == "point" else "lower_bound"), gate.get("threshold")
        if not moved or not isinstance(figure, (int, float)):
            continue
        if figure - moved <= threshold < figure + moved:
            name = "value" if rule == "point" else "lower bound"
            yield (
                f"{gate['id']}: the {name} {figure:.4f} moves by up to {moved:.4f} when the same questions are asked "
                f"in other batches, and the threshold {threshold} lies within: another machine may decide otherwise"
            )


def limits(document: Mapping[str, Any], say: Say) -> Iterator[str]:
    """Limits of what the run showed, in words; `harness/sameness.md` has the figures behind them."""
    yield from _halved(document, say)
    device = document.get("environment", {}).get("device")
    if device is None:
        yield say("Whether the answers can be had again was not measured.")
    elif device == "cpu":
        yield say(
            "Answers were generated again on this CPU alone; one with another instruction set may round otherwise, "
            "train other adapters and give other answers. Neither was measured."
        )
    else:
        yield say(
            "Adapters trained on %(device)s are not known to be the same, byte for byte, when trained again: kernels "
            "of a GPU may add up in any order, and it was not measured. That the answers can be had again holds as far "
            "as the determinism gates say.",
            device=device,
        )


def _halved(document: Document, say: Say) -> Iterator[str]:
    """Which answers were given in other batches than the spec's, since memory ran out."""
    for one in document.get("halved", []):
        batches = one.get("batches", [])
        yield say.many(
            "Of %(name)s, %(n)s batch did not fit in memory and was asked in two halves: another batching than the "
            "spec's, on which an answer in bfloat16 may depend. The reason: %(why)s.",
            "Of %(name)s, %(n)s batches did not fit in memory and were asked in two halves each: another batching than "
            "the spec's, on which an answer in bfloat16 may depend. The first one's reason: %(why)s.",
            len(batches),
            name=plain(one.get("name")),
            why=plain(next((batch.get("why") for batch in batches), "")),
        )
