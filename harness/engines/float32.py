"""Loads the base in float32."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness.engines.form import Loading


def load_float32(base: Path) -> Any:
    import torch
    from transformers import AutoModelForCausalLM

    device = "cuda" if torch.cuda.is_available() else "cpu"
    return AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32, device_map=device)


FORM = Loading("float32", load_float32, {"dtype": "float32"})
