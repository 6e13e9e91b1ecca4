"""The verdict as a JSON document: what `verdict.json` holds and every report is rendered from."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from harness.gates.verdict import Verdict
from harness.report import noise

SCHEMA = Path(__file__).parent.parent / "schemas" / "verdict.schema.json"


def build(verdict: Verdict, records: Iterable[Mapping[str, Any]], evidence: Mapping[str, str]) -> Any:
    """The document of one run, from its verdict and its journal alone.

    Args:
        evidence: file of the journal -> SHA-256, as the verdict was reached from them.
    """
    journal = list(records)
    run, selection = _last(journal, "run"), _last(journal, "selection")
    paper = {
        "release": run["release"],
        "run_id": run["run_id"],
        "verdict": verdict.word,
        "concluded_at": _concluded(journal),
        "unproven": verdict.unproven,
        "doubts": list(verdict.doubts),
        "reasons": list(verdict.reasons),
        "selected_experiment": selection.get("selected", ""),
        "selection_reason": selection.get("reason", ""),
        "candidate_adapter": run["candidate"],
        "experiments": selection.get("experiments", []),
        "seeds": _last(journal, "seeds").get("seeds", {}),
        "gates": [
            {
                "id": result.gate.id,
                "area": result.gate.area,
                "blocking": result.gate.blocking,
                "outcome": result.outcome,
                "metric": result.gate.metric,
                "value": result.value,
                "lower_bound": result.lower_bound,
                "n": result.n,
                "rule": result.gate.rule,
                "threshold": result.gate.threshold,
                "message": result.message,
                "sources": dict(result.sources),
            }
            for result in verdict.gates
        ],
        "model": _last(journal, "model").get("model", {}),
        "artifacts": _artifacts(journal),
        "packed": _last(journal, "packed").get("adapters", []),
        "regression": _regression(journal),
        "attempts": _last(journal, "attempts").get("attempts", {}),
        "meaning": _last(journal, "meaning").get("meaning", {}),
        "data": _last(journal, "data").get("files", []),
        "not_judged": list(_last(journal, "not_judged").get("texts", [])),
        "noise": [record["noise"] for record in journal if record["kind"] == "noise"],
        "forms": _last(journal, "forms").get("forms", {}),
        "form_losses": [record["form_loss"] for record in journal if record["kind"] == "form_loss"],
        "workers": _workers(journal),
        "durations": _durations(journal),
        "environment": _environment(journal),
        "evidence": dict(evidence),
    }
    told = [str(record["text"]) for record in journal if record["kind"] == "warning"]
    return {**paper, "warnings": [*told, *noise.warnings(paper)]}


def _last(journal: Sequence[Mapping[str, Any]], kind: str) -> Mapping[str, Any]:
    return next((record for record in reversed(journal) if record["kind"] == kind), {})


def _concluded(journal: Sequence[Mapping[str, Any]]) -> str:
    """When the last record was written, in UTC: what tells which of two releases is the later one."""
    last = max((float(record["at"]) for record in journal), default=0.0)
    return datetime.fromtimestamp(last, UTC).isoformat(timespec="microseconds")


def _environment(journal: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """As journalled at the start, and the device, once a gate that asks a model has named it."""
    found = dict(_last(journal, "environment").get("environment", {}))
    device = _last(journal, "device").get("device")
    return found if device is None else {**found, "device": device}


def _regression(journal: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What was compared with which earlier release; empty where there was none."""
    against = _last(journal, "against")
    if not against:
        return {}
    return {
        "against": {"release": against["release"], "run_id": against["run_id"]},
        "weakened": _last(journal, "weakened").get("weakened", []),
        "accept_weaker": _last(journal, "weakened").get("accept_weaker", ""),
        "comparisons": [record["comparison"] for record in journal if record["kind"] == "comparison"],
    }


def _artifacts(journal: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Each artifact once, as it was first met: built beats reused."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for record in journal:
        if record["kind"] == "artifact":
            entry = {name: record[name] for name in ("name", "digest", "stage", "seconds", "reused", "built_at")}
            known = found.get((entry["name"], entry["digest"]))
            if known is None or (known["reused"] and not entry["reused"]):
                found[entry["name"], entry["digest"]] = entry
    return list(found.values())


def _durations(journal: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Seconds by stage, of what was built in this run, and of the whole run."""
    stages: dict[str, float] = {}
    for artifact in _artifacts(journal):
        if not artifact["reused"]:
            stages[artifact["stage"]] = stages.get(artifact["stage"], 0.0) + artifact["seconds"]
    times = [record["at"] for record in journal if record["at"]]
    stages["whole run"] = max(times) - min(times) if times else 0.0
    return {name: round(seconds, 1) for name, seconds in stages.items()}


def _workers(journal: Sequence[Mapping[str, Any]]) -> int:
    """Processes that ran gates: pytest's own, or its xdist workers where there were any."""
    began = {record["process"] for record in journal if record["kind"] == "hello"}
    return max(1, len(began - {"main"}))


def write(document: Mapping[str, Any], path: Path) -> None:
    fresh = path.with_suffix(".json.new")
    fresh.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    fresh.replace(path)
