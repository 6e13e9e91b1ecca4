"""The report's appendix: artifacts, versions, surroundings and times."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.report.catalogue import Say
from harness.report.escape import bullets, cell, table
from harness.report.tables import Document, seconds, titled


def blocks(document: Document, prose: Mapping[str, Any], say: Say) -> list[str]:
    artifacts = [
        [
            *(cell(one.get(key)) for key in ("name", "stage", "digest")),
            seconds(one.get("seconds")),
            *(say.word(cell(one.get(key))) for key in ("reused", "built_at")),
        ]
        for one in document.get("artifacts", [])
    ]
    surroundings = document.get("environment", {})
    nested = ("versions", "git_submodules")
    names = dict.fromkeys(["git_commit", "git_dirty", *surroundings])
    facts = [
        [cell(name), say.word(cell(surroundings.get(name, say("not recorded"))))]
        for name in names
        if name not in nested
    ]
    spent = dict(document.get("durations", {}))
    workers = document.get("workers", 1)
    whole = spent.pop("whole run", 0.0) * workers
    rows = {**spent, say("everything else"): max(0.0, whole - sum(spent.values())), say("whole run x workers"): whole}
    times = [[cell(name), seconds(took), f"{took / whole:.1%}" if whole else "-"] for name, took in rows.items()]
    model = _flat(document.get("model", {}))
    versions = [[cell(name), cell(version)] for name, version in surroundings.get("versions", {}).items()]
    made = (say("name"), say("stage"), say("digest"), say("seconds"), say("reused"), say("built at"))
    over = say.many("seconds, over %(n)s worker", "seconds, over %(n)s workers", workers)
    return [
        titled(say("Artifacts"), table(made, artifacts)),
        titled(
            say("Model"), table((say("part"), say("digest")), [[cell(part), say.word(cell(of))] for part, of in model])
        ),
        titled(say("Versions"), table((say("distribution"), say("version")), versions)),
        titled(say("Environment"), table((say("fact"), say("value")), facts)),
        titled(say("Submodules"), bullets(map(cell, surroundings.get("git_submodules", []))) or say("none recorded")),
        titled(say("Durations"), table((say("stage"), over, say("share")), times)),
        titled(say("Files of this run"), bullets(("verdict.json", "junit.xml", "release.toml", "evidence/"))),
    ]


def _flat(nest: Mapping[str, Any]) -> list[tuple[str, object]]:
    """``{"code": {"answers": x}}`` as ``[("code answers", x)]``."""
    rows: list[tuple[str, object]] = []
    for name, value in nest.items():
        inner = _flat(value) if isinstance(value, Mapping) else [("", value)]
        rows += [(f"{name} {below}".strip(), entry) for below, entry in inner]
    return rows
