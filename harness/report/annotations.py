"""Red gates as GitHub annotations, each on the line of the spec that asks for it.

https://docs.github.com/actions/reference/workflow-commands-for-github-actions

https://docs.github.com/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

from harness.report.escape import clean
from harness.spec.mistakes import Place
from harness.spec.order import Order


def render(paper: Mapping[str, Any], spec: str, file: str) -> Iterator[str]:
    """A line of the log for each red gate: errors for what blocks, and then warnings for what advises.

    Args:
        paper: the verdict document.
        spec: text of the release spec.
        file: the spec's path in the checkout.
    """
    table = tomllib.loads(spec)
    order = Order(spec, table)
    red = [gate for gate in paper["gates"] if gate["outcome"] != "passed"]
    for gate in sorted(red, key=lambda gate: not gate["blocking"]):
        line = max(1, order.key(place(gate, table))[0])
        kind = "error" if gate["blocking"] else "warning"
        message = clean(str(gate["message"])) or f"{gate['id']}: {gate['outcome']}"
        head = f"file={_property(file)},line={line},title={_property(str(gate['id']))}"
        yield f"::{kind} {head}::{_data(message)}"


def place(gate: Mapping[str, Any], table: Mapping[str, Any]) -> Place:
    """The place in the spec that a gate comes from: its own threshold where it has one, else its area's table."""
    area, *parts = str(gate["id"]).split(".")
    rows = table.get("gates", {}).get("eval", [])
    if area in ("eval", "parity") and len(parts) >= 3 and isinstance(rows, list):
        adapter, task, metric = parts[0], parts[1], ".".join(parts[2:])
        split = "parity" if area == "parity" else "benchmark"
        for number, row in enumerate(rows):
            same = (row.get("adapter"), row.get("task"), row.get("split", "benchmark")) == (adapter, task, split)
            if same and metric in row.get("above", {}):
                return ("gates", "eval", number, "above", metric)
    for key in (parts[-1] if parts else "", area):
        if key in table.get("gates", {}):
            return ("gates", key)
    return ("gates",)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
