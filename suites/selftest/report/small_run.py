"""A small run on paper: its gates, the journal that it leaves, and the document of its verdict."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from harness.gates.entry import parse
from harness.gates.gate import Gate, Outcome
from harness.gates.verdict import reach
from harness.report import document
from harness.run import journal as evidence
from harness.run.provenance import environment

Paper = dict[str, Any]
ENVIRONMENT = environment(threads=2)
ATTEMPTS = {
    "adapters": 3,
    "mode": "report",
    "stated_error": 0.05,
    "judged_at_error": 0.05,
    "ceiling": 0.15,
    "if_independent": 0.142625,
}

GATES = {
    "data": Gate("data.train-greet.parse", "parse", "train-greet", True, metric="parse", task="greet"),
    "selection": Gate("training.selection.qualified", "qualified", "selection", True, metric="score"),
    "candidate": Gate(
        "eval.duo.greet.coverage",
        "threshold",
        "duo",
        True,
        "lower_bound",
        "coverage",
        0.8,
        adapter="duo",
        task="greet",
        split="benchmark",
    ),
    "single": Gate("eval.solo.greet.form", "threshold", "solo", False, "lower_bound", "form", 0.9, adapter="solo"),
    "parity": Gate("parity.duo.all.form", "threshold", "duo-all", False, "point", "form", 0.9, adapter="duo"),
    "mount": Gate("bnb.duo_mount_ok", "mount_ok", "duo", True, metric="mounted", adapter="duo"),
    "bundle": Gate("bundle.checksums_ok", "checksums_ok", "staged", True, metric="checksums_ok"),
}


DECLARED = [asdict(gate) for gate in GATES.values()]


def judged(gate: Gate, outcome: Outcome, message: str = "", source: str = "sheet") -> Paper:
    """The journal record of one gate."""
    measured = {"value": 0.9471, "lower_bound": 0.8642, "n": 57, "sources": {source: "c" * 64}}
    judgement = {"gate": gate.id, "outcome": outcome, "measurement": measured, "message": message}
    return {"kind": "gate", "process": "main", "at": 30.0, "gate": gate.id, "judgement": judgement}


def journal(text: str = "plain", **outcomes: Outcome) -> list[Paper]:
    """The journal of a small run whose gates passed but for `outcomes`; `text` stands wherever others write."""
    places = [
        {"kind": "hello", "at": 10.0, "pid": 1},
        {
            "kind": "run",
            "at": 10.5,
            "release": "demo",
            "run_id": "run_1",
            "spec_digest": "f" * 64,
            "candidate": "duo",
            "tasks": ["greet"],
            "gates": DECLARED,
        },
        {"kind": "model", "at": 10.7, "model": {"base": text, "form": {"name": text}}},
        {"kind": "environment", "at": 11.0, "environment": {**ENVIRONMENT, "processor": text}},
        {"kind": "data", "at": 12.0, "files": [{"name": text, "path": text, "records": 35, "sha256": "a" * 64}]},
        {
            "kind": "artifact",
            "at": 13.0,
            "name": text,
            "digest": "b" * 64,
            "key": "e" * 64,
            "stage": "adapter",
            "seconds": 5.0,
            "reused": False,
            "built_at": text,
        },
        {"kind": "selection", "at": 14.0, "selected": "short", "reason": text, "experiments": [experiment(text)]},
        {
            "kind": "noise",
            "at": 15.0,
            "noise": {"adapter": text, "task": text, "metric": text, "value": 0.9, "other": 0.8, "n": 24},
        },
        {
            "kind": "halved",
            "at": 15.5,
            "name": text,
            "digest": "b" * 64,
            "batches": [{"items": 15, "into": [8, 7], "why": text}],
        },
        {"kind": "packed", "at": 16.0, "adapters": ["duo", "solo", text]},
        {"kind": "against", "at": 16.1, "release": text, "run_id": text},
        {"kind": "weakened", "at": 16.2, "weakened": [text], "accept_weaker": text},
        {"kind": "comparison", "at": 16.3, "comparison": comparison(text)},
        {"kind": "form_loss", "at": 16.31, "form_loss": {"form": text, "asked": text, **comparison(text)}},
        {"kind": "forms", "at": 16.32, "forms": {"forms": [form(text)], "lost_at": text, "recommendation": text}},
        {"kind": "attempts", "at": 16.4, "attempts": ATTEMPTS},
        {"kind": "bye", "at": 60.0, "exitstatus": 0},
    ]
    gates = [judged(gate, outcomes.get(key, "passed"), text, text) for key, gate in GATES.items()]
    attempts = [{"kind": "attempt", "at": 17.0, "gate": gate.id} for gate in GATES.values()]
    return [{"process": "main", **record} for record in [*places, *attempts]] + gates


def comparison(text: str) -> Paper:
    figures = {"n": 57, "mean": -0.0175, "lower": -0.0812, "upper": 0.0466}
    return {
        **figures,
        "metric": text,
        "worse": 1,
        "better": 0,
        "same": 56,
        "margin": 0.1,
        "slices": [{**figures, "dimension": text, "value": text, "tells": text}],
        "unlisted": {text: 57},
        "turned_bad": [{"item": text, "score_before": 1.0, "score_after": 0.0, "before": text, "after": text}],
    }


def form(text: str) -> Paper:
    figures = {"kl": 0.0572, "kl_error": 0.0041, "same_top": 0.981, "same_top_error": None, "to_base": None}
    costs = {"size": 2**20, "speed": 121.4, "memory": 2**21, "memory_of": text}
    return {**figures, **costs, "form": text, "kind": text, "scores": {text: 0.5}, "deployed": True}


def experiment(text: str) -> Paper:
    return {
        "name": text,
        "epochs": 3,
        "learning_rate": 0.002,
        "run_id": text,
        "score": 0.9123,
        "cost": 105,
        "qualified": False,
        "shortfalls": [text],
        "selected": True,
        "values": {f"duo.greet.{text}": 0.9},
    }


def build(records: list[Paper], gates: Mapping[str, Gate] = GATES, taints: tuple[str, ...] = ()) -> Paper:
    tainted = [*records, *({"kind": "taint", "process": "main", "at": 50.0, "text": text} for text in taints)]
    entries = [parse(record, "main.jsonl:1") for record in tainted]
    paper: Paper = document.build(reach(tuple(gates.values()), entries), entries, {"main.jsonl": "d" * 64})
    return json.loads(json.dumps(paper, allow_nan=False))  # type: ignore[no-any-return]


def write(folder: Path, records: list[Paper]) -> Path:
    """Write the run to disk: its journal, and the verdict that was reached from it."""
    path = folder / "evidence" / "main.jsonl"
    path.parent.mkdir(parents=True)
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    entries = evidence.read(path.parent)
    verdict = reach(tuple(GATES.values()), entries)
    document.write(document.build(verdict, entries, evidence.digests_of(path.parent)), folder / "verdict.json")
    return folder
