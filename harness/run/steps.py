"""Empty the artifacts that were only steps on the way to a file that ships: the merged checkpoint, and its f16 file.

They are the largest of a release, four and two bytes a weight, and nothing reads them once what was made of them is in
the store. Their manifests stay, so a second run builds nothing (`harness.store.emptied`). ``[store] keep`` names those
whose bytes stay.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path

from filelock import FileLock, Timeout

from harness.gates.entry import every
from harness.gates.records import ArtifactUsed
from harness.run import journal as evidence
from harness.run import retention
from harness.spec.work import Step
from harness.store import emptied
from harness.store.store import PIN


def empty(out: Path, run: str, keep: Collection[Step]) -> int:
    """Empty the steps that a run used, and that nothing keeps; returns the bytes that came free.

    Nothing is done while another run is under way, on whatever machine: it may be reading them. They go when it ends.
    """
    if any(one.under_way for one in retention.runs(out) if one.id != run):
        return 0
    freed = 0
    for used in every(evidence.read(out / "runs" / run / "evidence"), ArtifactUsed):
        folder = out / "store" / used.stage / used.key[:24]
        if _step(folder) in (None, *keep) or (folder / PIN).exists():
            continue
        try:
            with FileLock(folder.with_name(f"{folder.name}.lock"), timeout=0):
                freed += emptied.empty(folder)
        except Timeout:
            continue
    return freed


def _step(folder: Path) -> Step | None:
    """Which step an artifact is; None where it is none, or its manifest cannot be read."""
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        kind, of = manifest["kind"], manifest["key"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if kind == "merged":
        return "merged"
    return "f16" if kind == "gguf" and of.get("type") == "f16" else None
