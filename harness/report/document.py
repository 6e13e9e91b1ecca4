"""The verdict as a JSON document: what `verdict.json` holds and every report is rendered from."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from harness.errors import GreenrunError
from harness.gates.entry import Entry, every, last, last_or
from harness.gates.records import (
    Against,
    ArtifactUsed,
    Asked,
    Attempts,
    Comparison,
    DataFiles,
    Device,
    Environment,
    FormLoss,
    Forms,
    Halved,
    Hello,
    Meaning,
    Model,
    Noise,
    NotJudged,
    Origin,
    Packed,
    RunOpened,
    Seeds,
    Selection,
    Waived,
    Warned,
    Weakened,
)
from harness.gates.verdict import Verdict
from harness.report import noise

SCHEMA = Path(__file__).parent.parent / "schemas" / "verdict.schema.json"
ARTIFACT = ("name", "digest", "stage", "seconds", "reused", "built_at")
"""Fields of an artifact in the document."""


def build(verdict: Verdict, records: Iterable[Entry], evidence: Mapping[str, str]) -> Any:
    """The document of one run, from its verdict and its journal alone.

    Args:
        evidence: file of the journal -> SHA-256, as the verdict was reached from them.
    """
    journal = list(records)
    run, selection = last(journal, RunOpened), last_or(journal, Selection("", "", []))
    if run is None:
        raise GreenrunError("the journal does not say what was to be judged, so there is nothing to report")
    paper = {
        "release": run.release,
        "run_id": run.run_id,
        "verdict": verdict.word,
        "concluded_at": _concluded(journal),
        "unproven": verdict.unproven,
        "doubts": list(verdict.doubts),
        "reasons": list(verdict.reasons),
        "waivers": [_waiver(waiver, verdict) for waiver in every(journal, Waived)],
        "selected_experiment": selection.selected,
        "selection_reason": selection.reason,
        "candidate_adapter": run.candidate,
        "experiments": selection.experiments,
        "seeds": last_or(journal, Seeds({})).seeds,
        "gates": [
            {
                "id": result.gate.id,
                "area": result.gate.area,
                "blocking": result.gate.blocking,
                "waived": result.waiver is not None,
                "outcome": result.outcome,
                "metric": result.gate.metric,
                "value": result.value,
                "lower_bound": result.lower_bound,
                "upper_bound": result.upper_bound,
                "n": result.n,
                "rule": result.gate.rule,
                "threshold": result.gate.threshold,
                "message": result.message,
                "seconds": None if result.seconds is None else round(result.seconds, 3),
                "sources": dict(result.sources),
            }
            for result in verdict.gates
        ],
        "origin": _origin(journal),
        "model": last_or(journal, Model({})).model,
        "artifacts": _artifacts(journal),
        "packed": last_or(journal, Packed([])).adapters,
        "regression": _regression(journal),
        "attempts": _attempts(journal, run.candidate),
        "asked": _asked(journal),
        "meaning": last_or(journal, Meaning({})).meaning,
        "data": last_or(journal, DataFiles([])).files,
        "not_judged": last_or(journal, NotJudged([])).texts,
        "noise": [one.noise for one in every(journal, Noise)],
        "halved": _halved(journal),
        "forms": last_or(journal, Forms({})).forms,
        "form_losses": [one.form_loss for one in every(journal, FormLoss)],
        "workers": _workers(journal),
        "durations": _durations(journal),
        "environment": _environment(journal),
        "evidence": dict(evidence),
    }
    told = [*_overridden(journal), *(warned.text for warned in every(journal, Warned))]
    return {**paper, "warnings": [*told, *noise.warnings(paper)]}


def _origin(journal: Sequence[Entry]) -> dict[str, Any]:
    found = last(journal, Origin)
    return {} if found is None else found.content()


def _overridden(journal: Sequence[Entry]) -> list[str]:
    """That the base is not the spec's own: a warning, since a run that is refused for more gives that reason first."""
    found = last(journal, Origin)
    return [found.overridden] if found is not None and found.overridden else []


def _waiver(waiver: Waived, verdict: Verdict) -> dict[str, Any]:
    """A waiver of the spec, with whether it excused anything."""
    return {**waiver.content(), "used": waiver in [result.waiver for result in verdict.waived]}


def _asked(journal: Sequence[Entry]) -> list[dict[str, Any]]:
    """How much of the benchmark was asked, by adapter and task; empty where always all of it is."""
    found = {(one.asked["adapter"], one.asked["task"]): one.asked for one in every(journal, Asked)}
    return [dict(found[key]) for key in sorted(found)]


def _halved(journal: Sequence[Entry]) -> list[dict[str, Any]]:
    """Answers of which some batches were asked in halves, each once; empty where every batch fitted in memory."""
    found = {one.digest: {"name": one.name, "batches": list(one.batches)} for one in every(journal, Halved)}
    return sorted(found.values(), key=lambda one: str(one["name"]))


def _attempts(journal: Sequence[Entry], candidate: str) -> dict[str, Any]:
    """The candidate's attempt, with the count as it stood once every adapter of the run was entered."""
    own = [one.attempts for one in every(journal, Attempts) if one.attempts.get("of", candidate) == candidate]
    counts = [one for one in own if isinstance(one.get("adapters"), int)]
    entered: Mapping[str, Any] = next((one for one in own if "judged_at_error" in one), {})
    return {**entered, **max(counts, key=lambda one: int(one["adapters"]), default=own[-1] if own else {})}


def _concluded(journal: Sequence[Entry]) -> str:
    """Time of the last record, in UTC, by which the later one of two releases is known."""
    latest = max((entry.at for entry in journal), default=0.0)
    return datetime.fromtimestamp(latest, UTC).isoformat(timespec="microseconds")


def _environment(journal: Sequence[Entry]) -> dict[str, Any]:
    """The environment as journalled at the start, with the device, once a gate that asks a model has named it."""
    found = dict(last_or(journal, Environment({})).environment)
    named = last(journal, Device)
    return found if named is None else {**found, "device": named.device}


def _regression(journal: Sequence[Entry]) -> dict[str, Any]:
    """What was compared with which earlier release; empty where there was none."""
    against, asked = last(journal, Against), last_or(journal, Weakened([], ""))
    if against is None:
        return {}
    return {
        "against": {"release": against.release, "run_id": against.run_id},
        "weakened": asked.weakened,
        "accept_weaker": asked.accept_weaker,
        "comparisons": [one.comparison for one in every(journal, Comparison)],
    }


def _artifacts(journal: Sequence[Entry]) -> list[dict[str, Any]]:
    """Each artifact once, as it was first used; "built" takes precedence over "reused"."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for used in every(journal, ArtifactUsed):
        known = found.get((used.name, used.digest))
        if known is None or (known["reused"] and not used.reused):
            found[used.name, used.digest] = {name: getattr(used, name) for name in ARTIFACT}
    return list(found.values())


def _durations(journal: Sequence[Entry]) -> dict[str, float]:
    """Seconds by stage, of what was built in this run, and of the whole run."""
    stages: dict[str, float] = {}
    for artifact in _artifacts(journal):
        if not artifact["reused"]:
            stages[artifact["stage"]] = stages.get(artifact["stage"], 0.0) + artifact["seconds"]
    times = [entry.at for entry in journal if entry.at]
    stages["whole run"] = max(times) - min(times) if times else 0.0
    return {name: round(seconds, 1) for name, seconds in stages.items()}


def _workers(journal: Sequence[Entry]) -> int:
    """Number of processes that ran gates: pytest's own, or its xdist workers."""
    began = {entry.process for entry in journal if isinstance(entry.record, Hello)}
    return max(1, len(began - {"main"}))


def write(document: Mapping[str, Any], path: Path) -> None:
    fresh = path.with_suffix(".json.new")
    fresh.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    fresh.replace(path)
