"""The candidate's metrics in earlier releases, with their bounds, read from their bundles."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MOST = 10
"""Most releases that are shown: the newest."""


@dataclass(frozen=True, slots=True)
class Past:
    """One earlier release of the same name."""

    run_id: str
    concluded_at: str
    gates: Mapping[str, Mapping[str, Any]]
    """Id of a gate over the candidate's answers -> the gate as its verdict holds it."""


def releases(out: Path, document: Mapping[str, Any]) -> tuple[Past, ...]:
    """Bundles of this release's name below ``out/releases``, oldest first, without this run's own.

    Damaged or foreign folders are skipped, since the history only adds to a page and decides nothing.
    """
    found = []
    for path in (out / "releases").glob("*/verdict.json"):
        try:
            paper = json.loads(path.read_text(encoding="utf-8"))
            if paper["release"] != document.get("release") or paper["run_id"] == document.get("run_id"):
                continue
            gates = {gate["id"]: gate for gate in paper["gates"] if judged_metric(gate, paper["candidate_adapter"])}
            found.append(Past(str(paper["run_id"]), str(paper.get("concluded_at", "")), gates))
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return tuple(sorted(found, key=lambda one: (one.concluded_at, one.run_id))[-MOST:])


def judged_metric(gate: Mapping[str, Any], candidate: object) -> bool:
    """Whether a gate is a threshold over the candidate's answers: ``eval.<candidate>.<task>.<metric>`` with a bound."""
    parts = str(gate.get("id")).split(".")
    return parts[:2] == ["eval", str(candidate)] and gate.get("lower_bound") is not None
