"""Parts that several sections of the report share: tables of gates, and how figures are written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from harness.report.catalogue import Say
from harness.report.escape import cell, fenced, table

SHORT = 12
"""Hex digits of a digest that a table shows; `verdict.json` holds them all."""

Document = Mapping[str, Any]


def titled(title: str, block: str) -> str:
    return f"### {title}\n\n{block}" if block else ""


def figure(value: object) -> str:
    """A number with four decimals; any other value as escaped text (a NaN is stored as text)."""
    return f"{value:.4f}" if isinstance(value, (int, float)) and not isinstance(value, bool) else cell(value)


def short_digest(digest: object) -> str:
    return cell(str(digest or "")[:SHORT])


def seconds(value: object) -> str:
    return f"{value:.1f}" if isinstance(value, (int, float)) else cell(value)


def gates_of(document: Document, *areas: str) -> list[Mapping[str, Any]]:
    return [gate for gate in document.get("gates", []) if gate.get("area") in areas]


def parts_of_id(gate: Mapping[str, Any]) -> tuple[str, str]:
    """(subject, such as adapter or file; middle, such as a task) of a gate's id."""
    words = str(gate.get("id", "")).split(".")
    return (words[1] if len(words) > 1 else "", ".".join(words[2:-1]))


def count_passed(gates: Sequence[Mapping[str, Any]], say: Say) -> str:
    return say("%(passed)s of %(all)s", passed=sum(gate.get("outcome") == "passed" for gate in gates), all=len(gates))


def heads(say: Say) -> tuple[str, ...]:
    """Column heads for `measured`."""
    return (say("value"), say("lower bound"), say("n"), say("threshold"), say("blocking"), say("outcome"))


def measured(gate: Mapping[str, Any], say: Say) -> list[str]:
    figures = [figure(gate.get("value")), figure(gate.get("lower_bound")), cell(gate.get("n")), _wanted(gate, say)]
    return [*figures, *(say.word(cell(gate.get(name))) for name in ("blocking", "outcome"))]


def _wanted(gate: Mapping[str, Any], say: Say) -> str:
    if gate.get("rule") == "every":
        return say("all")
    return say("above %(threshold)s", threshold=cell(gate.get("threshold")))


def gate_table(gates: Iterable[Mapping[str, Any]], say: Say) -> str:
    return table((say("gate"), *heads(say)), [[cell(gate.get("id")), *measured(gate, say)] for gate in gates])


def area_tables(document: Document, say: Say, *areas: str) -> list[str]:
    return [area_table(document, say, area) for area in areas]


def area_table(document: Document, say: Say, area: str) -> str:
    """The gates of one area under their title; "" where there are none."""
    title = say("%(area)s gates", area=cell(say.word(area)))
    return titled(title, gate_table(gates_of(document, area), say))


def turned_worse(of: str, compared: Mapping[str, Any], say: Say) -> list[str]:
    """A heading and the answers that score less than they did, before and after; nothing where there are none.

    Args:
        of: what was compared, escaped.
    """
    bad = compared.get("turned_bad", [])
    if not bad:
        return []
    texts = [
        "\n".join(
            (
                f"{one.get('item')}: {one.get('score_before')} -> {one.get('score_after')}",
                say("was: %(answer)s", answer=one.get("before")),
                say("is:  %(answer)s", answer=one.get("after")),
            )
        )
        for one in bad
    ]
    head = say(
        "%(of)s: answers that turned worse, %(shown)s of %(all)s shown",
        of=of,
        shown=len(bad),
        all=cell(compared.get("worse")),
    )
    return [f"#### {head}", fenced("\n\n".join(texts))]
