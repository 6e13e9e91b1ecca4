"""An adapter that was never trained is refused by the small release lines before any model is loaded for it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from harness.spec import load
from suites.tiny.child import ROOT, Line, release

HIDDEN, RANK = 576, 16
"""Of the base model, and of the lines' recipes."""
QUERY = "base_model.model.model.layers.29.self_attn.q_proj"


def untrained(folder: Path) -> Path:
    """An adapter as it is before the first step: the half that moves the model is zero."""
    folder.mkdir()
    config = {"peft_type": "LORA", "task_type": "CAUSAL_LM", "r": RANK, "lora_alpha": 32, "target_modules": ["q_proj"]}
    (folder / "adapter_config.json").write_text(json.dumps(config), encoding="utf-8")
    first = np.random.default_rng(1).normal(size=(RANK, HIDDEN)).astype(np.float32)
    second = np.zeros((HIDDEN, RANK), np.float32)
    save_file({f"{QUERY}.lora_A.weight": first, f"{QUERY}.lora_B.weight": second}, folder / "adapter_model.safetensors")
    return folder


@pytest.mark.parametrize("name", ["orders", "tickets"])
def test_an_untrained_adapter_is_refused(name: str, tmp_path: Path) -> None:
    path = ROOT / "data" / name / "release.toml"
    candidate = load.load(path).candidate
    given = f"--adapter={candidate}={untrained(tmp_path / 'untrained')}"

    finished = release(Line(path, tmp_path / "out"), "given", given, "-k", "intact")

    gate = finished.gate(f"training.{candidate}.intact")
    assert (finished.status, gate["outcome"], gate["blocking"]) == (1, "failed", True), finished.output
    assert "zero" in gate["message"]
