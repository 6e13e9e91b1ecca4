"""What ``make release`` has left in ``out``: the default release's own base and adapters."""

from __future__ import annotations

import json
from pathlib import Path

from harness.spec.objects import Spec
from suites.tiny.child import ROOT

OUT = ROOT / "out"


def artifact(kind: str, label: str) -> Path:
    """The one that was used last."""
    found = [
        path.parent / "content"
        for path in sorted((OUT / "store" / kind).glob("*/manifest.json"))
        if json.loads(path.read_text(encoding="utf-8"))["label"] == label
    ]
    assert found, f"no {kind} {label!r} in {OUT}/store: run make release first"
    return max(found, key=lambda path: path.parent.stat().st_mtime)


def candidate(spec: Spec) -> Path:
    """The adapter that the last run of this release line judged; other lines leave theirs in the same ``out``."""
    verdicts = sorted((OUT / "runs").glob("*/verdict.json"), key=lambda path: path.stat().st_mtime)
    papers = [json.loads(path.read_text(encoding="utf-8")) for path in verdicts]
    chosen = [paper["selected_experiment"] for paper in papers if paper["release"] == spec.name]
    assert any(chosen), f"no run below {OUT}/runs selected an experiment: run make release first"
    return artifact("adapter", f"{next(name for name in reversed(chosen) if name)} {spec.candidate}")
