"""What a bundle is made of, as small as it gets: an adapter, judged items, a run's papers; and a flipped bit."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from safetensors.torch import save_file

from harness.engines.adapter_files import CONFIG, WEIGHTS
from harness.releases import judged_items
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
    """Of that adapter, as a verdict names its artifact."""
    with TemporaryDirectory() as place:
        return digests.of_value(digests.of_folder(write_adapter(Path(place) / "adapter")))


VERDICT = {
    "verdict": "released",
    "selected_experiment": "short",
    "artifacts": [{"name": f"adapter short {name}", "digest": _digest()} for name in ("style", "writing")],
    "packed": ["style", "writing"],
    "candidate_adapter": "style",
    "gates": [{"id": "eval.style.style.format", "value": 0.5}],
}


def write_papers(folder: Path) -> list[Path]:
    """The papers of a released run of two adapters, in a new folder."""
    folder.mkdir()
    texts = {"verdict.json": json.dumps(VERDICT), "junit.xml": "<testsuites/>", "report.md": "#", "release.toml": ""}
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in texts]


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
