"""Write a draft's folder, whole or not at all: beside its place first, read back, and renamed last."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path

from harness.errors import SpecError
from harness.new import proof
from harness.new.draft import SCHEMA, SPEC, TEMPLATE, Draft, path_of
from harness.new.proof import Found
from harness.new.spec_text import spec_text


def check_free(out: Path) -> None:
    """
    Raises:
        SpecError: something lies at that place.
    """
    if out.is_dir() and not any(out.iterdir()):
        return
    if out.exists() or out.is_symlink():
        what = "is not empty" if out.is_dir() else "is no folder"
        raise SpecError("--out", "", f"{out} {what}; name a folder that is not there yet")


def write(draft: Draft, out: Path) -> Found:
    """Write the folder; returns what the data gates find in it.

    Raises:
        SpecError, DataError: a run would not take the spec; then nothing is written.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    try:
        made = beside / out.name
        made.mkdir()
        _fill(draft, made)
        found = proof.findings(proof.read_back(made / SPEC))
        os.rename(made, out)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return found


def _fill(draft: Draft, folder: Path) -> None:
    for split, rows in draft.taken.rows.items():
        (folder / path_of(split)).write_bytes(b"".join(row.raw + b"\n" for row in rows))
    schema = next((need.choice.settings["schema"] for need in draft.needs if "schema" in need.choice.settings), None)
    if schema is not None:
        text = json.dumps(schema, ensure_ascii=False, indent=2) + "\n"
        (folder / SCHEMA).write_text(text, encoding="utf-8")
    if draft.columns.template is not None:
        (folder / TEMPLATE).write_text(draft.columns.template, encoding="utf-8")
    (folder / SPEC).write_text(spec_text(draft), encoding="utf-8")
