"""The report's appendix: artifacts, versions, surroundings and times."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.report.escape import bullets, cell, table
from harness.report.tables import Document, seconds, titled

NONE = "none recorded"


def blocks(document: Document) -> list[str]:
    artifacts = [
        [
            *(cell(one.get(key)) for key in ("name", "stage", "digest")),
            seconds(one.get("seconds")),
            *(cell(one.get(key)) for key in ("reused", "built_at")),
        ]
        for one in document.get("artifacts", [])
    ]
    surroundings = document.get("environment", {})
    nested = ("versions", "git_submodules")
    names = dict.fromkeys(["git_commit", "git_dirty", *surroundings])
    facts = [[cell(name), cell(surroundings.get(name, "not recorded"))] for name in names if name not in nested]
    spent = dict(document.get("durations", {}))
    workers = document.get("workers", 1)
    whole = spent.pop("whole run", 0.0) * workers
    rows = {**spent, "everything else": max(0.0, whole - sum(spent.values())), "whole run x workers": whole}
    times = [[cell(name), seconds(took), f"{took / whole:.1%}" if whole else "-"] for name, took in rows.items()]
    model = _flat(document.get("model", {}))
    versions = [[cell(name), cell(version)] for name, version in surroundings.get("versions", {}).items()]
    return [
        titled("Artifacts", table(("name", "stage", "digest", "seconds", "reused", "built at"), artifacts)),
        titled("Model", table(("part", "digest"), [[cell(part), cell(of)] for part, of in model])),
        titled("Versions", table(("distribution", "version"), versions)),
        titled("Environment", table(("fact", "value"), facts)),
        titled("Submodules", bullets(map(cell, surroundings.get("git_submodules", []))) or NONE),
        titled("Durations", table(("stage", f"seconds, over {workers} workers", "share"), times)),
        titled("Files of this run", bullets(("verdict.json", "junit.xml", "release.toml", "evidence/"))),
    ]


def _flat(nest: Mapping[str, Any]) -> list[tuple[str, object]]:
    """``{"code": {"answers": x}}`` as ``[("code answers", x)]``."""
    rows: list[tuple[str, object]] = []
    for name, value in nest.items():
        inner = _flat(value) if isinstance(value, Mapping) else [("", value)]
        rows += [(f"{name} {below}".strip(), entry) for below, entry in inner]
    return rows
