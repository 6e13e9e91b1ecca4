"""A copy of somebody's release line that may be spoiled: nothing that they own is written to."""

from __future__ import annotations

import shutil
from pathlib import Path

from harness.errors import StoreError
from harness.releases import earlier
from harness.spec import load
from harness.spec.objects import Spec
from suites.sabotage import spec as specs
from suites.sabotage.campaign import linked
from suites.sabotage.spec import Table
from suites.tiny.child import Line


def copy(path: Path, out: Path, folder: Path) -> Line:
    """The spec and all files that it names below ``folder/line``; the store and the last release below ``folder/out``.

    Artifacts are hard links where the file system allows it. The base model and given adapters stay where they are:
    they are only read.

    Raises:
        SpecError: the spec is not valid.
        StoreError: there is no store.
    """
    spec = load.load(path)
    if not (out / "store").is_dir():
        raise StoreError(f"{out}/store does not exist: release the spec once, or name the folder with --out=DIR")
    table = specs.read(path)
    line = Line(folder / "line" / "release.toml", folder / "out")
    _copy_files(spec, table, line.spec.parent)
    _point_elsewhere(spec, table)
    specs.write(line.spec, table)
    linked(out / "store", line.out / "store")
    before = earlier.last(out, spec.name)
    if before is not None:
        linked(before, line.out / "releases" / "before")
    return line


def _copy_files(spec: Spec, table: Table, folder: Path) -> None:
    """Copy what may be spoiled, and have the table name the copies."""
    for name, task in spec.tasks.items():
        named = {**task.files, "template": task.template, "schema": task.schema}
        for key, source in ((key, path) for key, path in named.items() if path is not None):
            table["tasks"][name][key] = _copied(source, folder, f"{name}/{key}")
    folder.mkdir(parents=True, exist_ok=True)
    if spec.notes is not None:
        table["release"]["notes"] = _copied(spec.notes, folder, "notes")
    if spec.ledger is not None:
        # What is tried here is no attempt on the benchmark.
        table["policy"]["ledger"] = "ledger.jsonl"
        if spec.ledger.is_file():
            table["policy"]["ledger"] = _copied(spec.ledger, folder, "ledger")


def _copied(source: Path, folder: Path, place: str) -> str:
    target = folder / place / source.name
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    return f"{place}/{source.name}"


def _point_elsewhere(spec: Spec, table: Table) -> None:
    """Paths of what is only read become absolute; nothing is removed from a store that serves many runs."""
    table["base"]["source"] = spec.base.source
    for name, adapter in spec.adapters.items():
        if adapter.path is not None:
            table["adapters"][name]["path"] = str(adapter.path.resolve())
    if spec.gates.forgetting is not None:
        table["gates"]["forgetting"]["texts"] = str(spec.gates.forgetting.texts)
    table.pop("store", None)
