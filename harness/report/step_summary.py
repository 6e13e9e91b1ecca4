"""Summarize a run in a few lines of Markdown for the page of a CI job: verdict, red gates first, and where the report
is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness.report.escape import clean

LIMIT = 2**20
"""Most bytes of one step's summary: GitHub drops a longer one whole."""
ORDER = ("failed", "error", "inconclusive", "blocked", "not_run", "passed")
LONGEST = 400
"""Most characters of one gate's message."""


def render(paper: Mapping[str, Any], places: Sequence[str], room: int = LIMIT) -> str:
    """The summary of a verdict document in at most `room` bytes; gates that find no room are counted.

    Args:
        places: of report and bundle, as a reader of the job finds them.
    """
    word = "RELEASED" if paper["verdict"] == "released" else str(paper["verdict"]).upper()
    stamp = " UNPROVEN" if paper.get("unproven") and word == "RELEASED" else ""
    head = [f"## {word}{stamp}: {_cell(paper['release'])}, run {_cell(paper['run_id'])}", ""]
    head += [_cell(str(reason)) + "\n" for reason in paper["reasons"][:1]]
    head += [f"- `{clean(place).replace('`', '')}`" for place in places]
    head += ["", "| outcome | gate | weight | what |", "|---|---|---|---|"]
    ordered = sorted(paper["gates"], key=_rank)
    rows = [_row(gate) for gate in ordered]
    text = "\n".join(head)
    tail = "\n\n{} more gates: see the report.\n"
    left = room - len(text.encode()) - len(tail) - 20
    shown = 0
    for row in rows:
        left -= len(row.encode()) + 1
        if left < 0:
            break
        text += f"\n{row}"
        shown += 1
    whole = text + (tail.format(len(rows) - shown) if shown < len(rows) else "\n")
    return whole if len(whole.encode()) <= room else ""


def _rank(gate: Mapping[str, Any]) -> tuple[bool, bool, int]:
    passed = gate["outcome"] == "passed"
    return passed, not passed and not gate["blocking"], ORDER.index(gate["outcome"])


def _row(gate: Mapping[str, Any]) -> str:
    weight = "blocking" if gate["blocking"] else "advisory"
    told = str(gate["message"]).partition("\n")[0].removeprefix(f"{gate['id']}: ")
    return f"| {gate['outcome']} | {_cell(gate['id'])} | {weight} | {_cell(told)} |"


def _cell(text: object) -> str:
    """Text on one line in which no Markdown or HTML is recognised."""
    plain = clean(str(text)).replace("\n", " ")[:LONGEST]
    return "".join(f"&#{ord(one)};" if one in "\\`*_{}[]<>()#+!|&~@:$" else one for one in plain)
