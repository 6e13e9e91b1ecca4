"""Loads the base without quantization, in float32 or in the precision of a form that is compared with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness.engines.form import FLOAT32, Loading, attention_of, device
from harness.spec.serve import Precision


def load_float32(base: Path, precision: Precision = FLOAT32) -> Any:
    """All of it in what the precision computes in."""
    import torch
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(
        base,
        dtype=getattr(torch, precision.compute),
        device_map=device(),
        attn_implementation=attention_of(precision),
    )


FORM = Loading("float32", load_float32, {})
