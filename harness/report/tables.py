"""Pieces that several sections of the report are made of: tables of gates, and how figures are written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from harness.report.escape import cell, table

SHORT = 12
"""Hex digits of a digest that a table shows; `verdict.json` holds them all."""

MEASURED = ("value", "lower bound", "n", "threshold", "blocking", "outcome")

Document = Mapping[str, Any]


def titled(title: str, block: str) -> str:
    return f"### {title}\n\n{block}" if block else ""


def figure(value: object) -> str:
    """Four decimals of a number; anything else as it is, since a NaN travels as text."""
    return f"{value:.4f}" if isinstance(value, (int, float)) and not isinstance(value, bool) else cell(value)


def short_digest(digest: object) -> str:
    return cell(str(digest or "")[:SHORT])


def seconds(value: object) -> str:
    return f"{value:.1f}" if isinstance(value, (int, float)) else cell(value)


def gates_of(document: Document, *areas: str) -> list[Mapping[str, Any]]:
    return [gate for gate in document.get("gates", []) if gate.get("area") in areas]


def parts_of_id(gate: Mapping[str, Any]) -> tuple[str, str]:
    """The subject of a gate's id (adapter, file) and what is between it and the last part (a task)."""
    words = str(gate.get("id", "")).split(".")
    return (words[1] if len(words) > 1 else "", ".".join(words[2:-1]))


def count_passed(gates: Sequence[Mapping[str, Any]]) -> str:
    return f"{sum(gate.get('outcome') == 'passed' for gate in gates)} of {len(gates)}"


def wanted(gate: Mapping[str, Any]) -> str:
    return "all" if gate.get("rule") == "every" else f"above {cell(gate.get('threshold'))}"


def measured(gate: Mapping[str, Any]) -> list[str]:
    figures = [figure(gate.get("value")), figure(gate.get("lower_bound")), cell(gate.get("n")), wanted(gate)]
    return [*figures, cell(gate.get("blocking")), cell(gate.get("outcome"))]


def gate_table(gates: Iterable[Mapping[str, Any]]) -> str:
    return table(("gate", *MEASURED), [[cell(gate.get("id")), *measured(gate)] for gate in gates])


def area_tables(document: Document, *areas: str) -> list[str]:
    return [titled(f"{area} gates", gate_table(gates_of(document, area))) for area in areas]
