"""A whole release of given adapters: one with a head of its own, beside one that carries weights of the base."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file

from harness.gates.entry import every
from harness.gates.records import ArtifactUsed
from harness.run import journal
from suites.selftest.zoo.makers import STEM, added, fields, tensors
from suites.tiny.child import Finished, Line, release

HEAD = f"{STEM}lm_head.weight"


def _artifact(run: Finished, name: str) -> Path:
    """The folder of what the run rests on, by kind and the end of its label."""
    kind, _, label = name.partition(" ")
    used = every(journal.read(run.run / "evidence"), ArtifactUsed)
    keys = [one.key for one in used if one.name.startswith(kind) and one.name.endswith(label)]
    return run.run.parent.parent / "store" / kind / keys[0][:24] / "content"


def _bare_losses(run: Finished) -> Any:
    """What it measured of general text without an adapter."""
    return json.loads((_artifact(run, "forgetting without an adapter") / "passages.json").read_text(encoding="utf-8"))


def _with_a_head(folder: Path, base: Path) -> None:
    head = load_file(base / "model.safetensors")["lm_head.weight"]
    noise = 1e-3 * torch.randn(head.shape, generator=torch.Generator().manual_seed(1))
    tensors(lambda found: found | {HEAD: head.float() + noise})(folder)
    fields(modules_to_save=["lm_head"])(folder)


def test_forgetting_is_held_against_a_clean_base_and_a_refused_neighbour_costs_only_its_place(
    line: Line, green: Finished, tmp_path: Path
) -> None:
    """Once the head of the first stayed on the base, and what the second carries was loaded before it was refused."""
    for name in ("sea", "both"):
        shutil.copytree(_artifact(green, f"adapter {name}"), tmp_path / name)
    _with_a_head(tmp_path / "both", line.spec.parent / "base")
    added(f"{STEM}model.norm.weight", 64)(tmp_path / "sea")
    (tmp_path / "sea" / "optimizer.pt").write_bytes(b"state")
    other = replace(line.copy(tmp_path / "line"), out=tmp_path / "out")
    unknown = 'advisory = ["secrets", "topics_apart", "text_apart"]'  # what given adapters were trained on
    other.edit('duplicates_of = ["prompt", "both"]', f'duplicates_of = ["prompt", "both"]\n{unknown}')

    given = release(other, "given", *(f"--adapter={name}={tmp_path / name}" for name in ("sea", "both")))

    assert given.status == 0, given.output
    assert _bare_losses(given) == _bare_losses(green)
    assert given.gate("eval.both.forgetting")["outcome"] == "passed"
    assert [path.name for path in given.release.glob("adapter_*")] == ["adapter_both.tar.gz"]
    assert "optimizer.pt" in given.gate("training.sea.intact")["message"]
    said = given.gate("eval.sea.sea.coverage")["message"]
    assert "weights of the base" in said
    assert str(tmp_path / "sea") in said
    assert not list(other.out.glob("store/**/optimizer.pt"))
