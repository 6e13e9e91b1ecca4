"""The table of a verdict's gates for a terminal: red gates first, in colour, as wide as the terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from harness.gates.verdict import GateResult, Verdict, first_line
from harness.report import escape
from harness.text.columns import columns_of, folded

ORDER = ("failed", "error", "inconclusive", "blocked", "not_run", "passed")
"""Outcomes in the order in which they are listed; gates of one outcome that block come first."""
COLOURS = {"failed": "red", "error": "red", "passed": "green"}
"""Outcome -> colour; yellow for all others."""
LEFT = "  "


@dataclass(frozen=True, slots=True)
class Row:
    lines: Sequence[str]
    colour: str
    """``red``, ``yellow`` or ``green``: what the outcome means for the release."""


def rows(verdict: Verdict, width: int | None = None) -> Iterator[Row]:
    """One row a gate, red ones first, and their count.

    Args:
        width: columns that a line may take; None: as many as it needs.
    """
    ordered = sorted(verdict.gates, key=_rank)
    widest = max((len(result.gate.id) for result in ordered), default=0)
    whole = [_whole(result, widest) for result in ordered]
    narrow = width is not None and max(map(columns_of, whole), default=0) > width
    for result, text in zip(ordered, whole, strict=True):
        lines = _folded(result, width) if narrow and width is not None else [text]
        yield Row(lines, _colour(result))
    told = count(verdict)
    red = any(_colour(result) == "red" for result in ordered)
    yield Row(folded(told, width, LEFT) if width else [told], "red" if red else "green")


def count(verdict: Verdict) -> str:
    """``97 gates: 1 failed, 2 inconclusive, 94 passed``"""
    found = Counter(result.outcome for result in verdict.gates)
    told = ", ".join(f"{found[one]} {one.replace('_', ' ')}" for one in ORDER if found[one])  # type: ignore[index]
    return f"{len(verdict.gates)} gates: {told}"


def _rank(result: GateResult) -> tuple[bool, bool, int]:
    passed = result.outcome == "passed"
    return passed, not passed and not result.gate.blocking, ORDER.index(result.outcome)


def _colour(result: GateResult) -> str:
    colour = COLOURS.get(result.outcome, "yellow")
    return "yellow" if colour == "red" and _weight(result) != "blocking" else colour


def _whole(result: GateResult, widest: int) -> str:
    return f"{result.outcome:<12} {result.gate.id:<{widest}}  {_weight(result)}  {told(result)}".rstrip()


def _weight(result: GateResult) -> str:
    if result.waiver is not None:
        return "waived"
    return "blocking" if result.gate.blocking else "advisory"


def _folded(result: GateResult, width: int) -> list[str]:
    """The gate on lines of its own, with its measurement indented below."""
    weight = "" if _weight(result) == "blocking" else f" {_weight(result)}"
    head = folded(f"{result.outcome}{weight} {result.gate.id}", width, LEFT)
    below = told(result)
    return [*head, *folded(f"{LEFT}{below}", width, LEFT)] if below else head


def told(result: GateResult) -> str:
    """The measurement and the threshold in words; where nothing was measured, why not."""
    if result.value is None:
        message = escape.clean(first_line(result.message)).removeprefix(f"{result.gate.id}: ")
        return "" if message == result.outcome else message
    bound = f", at least {result.lower_bound:.4f}" if result.lower_bound is not None else ""
    wanted = "all" if result.gate.rule == "every" else f"> {result.gate.threshold}"
    return f"{result.value:.4f}{bound} (n={result.n}, wanted {wanted})"
