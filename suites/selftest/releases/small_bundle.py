"""What a bundle is made of, as small as it gets: an adapter, judged items, a run's papers; and a flipped bit."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from safetensors.torch import save_file

from harness.engines.adapter_files import CONFIG, WEIGHTS
from harness.gates.gate import Gate
from harness.gates.verdict import reach
from harness.releases import bundle, judged_items, signature
from harness.releases.verify_alone import SIGNATURE
from harness.report import document, outside
from harness.run import journal as evidence
from harness.run.provenance import environment
from harness.spec.papers import SUMS
from harness.store import digests

KEPT = judged_items.render(
    judged_items.JudgedItem("style", f"one-{number}", f"topic {number}", "0" * 64, "an answer", {"format": score})
    for number, score in enumerate((1.0, 0.0))
)


def write_adapter(folder: Path) -> Path:
    """The smallest LoRA that `adapter_files.inspect` takes, in a new folder: one pair of matrices, rank 2."""
    folder.mkdir()
    stem = "base_model.model.model.layers.0.self_attn.q_proj"
    pair = {f"{stem}.lora_A.weight": torch.ones(2, 4), f"{stem}.lora_B.weight": torch.ones(4, 2)}
    save_file(pair, folder / WEIGHTS)
    config = {"peft_type": "LORA", "r": 2, "lora_alpha": 4, "target_modules": ["q_proj"]}
    (folder / CONFIG).write_text(json.dumps(config), encoding="utf-8")
    return folder


def _digest() -> str:
    """Digest of that adapter, as a verdict names its artifact."""
    with TemporaryDirectory() as place:
        return digests.of_value(digests.of_folder(write_adapter(Path(place) / "adapter")))


DIGEST = _digest()

GATES = (
    Gate("data.train-style.parse", "parse", "train-style", True, metric="parse", task="style"),
    Gate(
        "eval.style.style.format", "threshold", "style-style-format", True, "lower_bound", "format", 0.25,
        adapter="style", task="style", split="benchmark",
    ),
)  # fmt: skip
"""The gates of a release of two adapters; the second one is the candidate."""


def journal(folder: Path, outcome: str = "passed", *more: Mapping[str, Any]) -> None:
    """Write the journal of a run in which the candidate's gate came to `outcome`, into a new folder.

    Args:
        more: records that it holds as well.
    """
    spec = {"spec_digest": "f" * 64, "candidate": "style", "tasks": ["style"]}
    used = {"stage": "adapter", "key": "e" * 64, "seconds": 5.0, "reused": False, "built_at": "then", "digest": DIGEST}
    form = {"name": "nf4"}
    measured = {"value": 0.5, "lower_bound": 0.3, "upper_bound": 0.7, "n": 2, "sources": {"sheet": "c" * 64}}
    told = [
        {"kind": "hello", "pid": 1},
        {"kind": "run", "release": "v3", "run_id": "run_1", "gates": [asdict(gate) for gate in GATES], **spec},
        {"kind": "origin", "base": "hf:some/base", "pin": f"revision:{'a' * 40}", "licences": {"adapters": "MIT"}},
        {"kind": "model", "model": {"base": "b" * 64, "weights": "d" * 64, "form": form}},
        {"kind": "environment", "environment": environment(threads=1)},
        {"kind": "data", "files": [{"name": "train-style", "path": "t.jsonl", "records": 3, "sha256": "a" * 64}]},
        *({"kind": "artifact", "name": f"adapter short {name}", **used} for name in ("style", "writing")),
        {"kind": "selection", "selected": "short", "reason": "best", "experiments": []},
        *more,
    ]
    for gate, one in zip(GATES, ("passed", outcome), strict=True):
        judgement = {"gate": gate.id, "outcome": one, "measurement": measured, "message": f"{gate.id}: {one}"}
        told += [
            {"kind": "attempt", "gate": gate.id},
            {"kind": "gate", "gate": gate.id, "judgement": judgement},
        ]
    told += [{"kind": "packed", "adapters": ["style", "writing"]}, {"kind": "bye", "exitstatus": 0}]
    folder.mkdir(parents=True)
    lines = (json.dumps({"process": "main", "at": 10.0 + number, **one}) for number, one in enumerate(told))
    (folder / "main.jsonl").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def write_papers(folder: Path, outcome: str = "passed", *more: Mapping[str, Any]) -> list[Path]:
    """The papers of a run of two adapters, in a new folder, and its journal below."""
    journal(folder / "evidence", outcome, *more)
    entries = evidence.read(folder / "evidence")
    document.write(
        document.build(reach(GATES, entries), entries, evidence.digests_of(folder / "evidence")),
        folder / "verdict.json",
    )
    texts = {"junit.xml": "<testsuites/>", "report.md": "#", "release.toml": ""}
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in ("verdict.json", *texts)]


def release(place: Path, key: Path | None = None, outcome: str = "passed", *more: Mapping[str, Any]) -> Path:
    """A published bundle of two adapters, below a new folder, signed where a key is given."""
    place.mkdir()
    adapter, staged, final = write_adapter(place / "adapter"), place / "staged", place / "releases" / "v3-run_1"
    bundle.stage({"style": adapter, "writing": adapter}, staged, {judged_items.FILE: KEPT})
    papers = write_papers(place / "run_1", outcome, *more)
    papers += outside.write(place / "run_1", staged, key)
    bundle.publish(staged, final, papers, "style", None if key is None else partial(signature.sign_folder, key=key))
    return final


def reseal(bundled: Path) -> None:
    """Write checksums that fit again, as a forger would."""
    names = sorted(path.name for path in bundled.iterdir() if path.name not in (SUMS, SIGNATURE))
    lines = [f"{digests.of_file(bundled / name)}  {name}\n" for name in names]
    (bundled / SUMS).write_text("".join(lines), encoding="ascii")


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
