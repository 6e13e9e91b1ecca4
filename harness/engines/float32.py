"""Loads weights without quantization, in float32 or in the precision of a form that is compared with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness.engines import rounded
from harness.engines.form import FLOAT32, Loading, attention_of, device
from harness.spec.serve import Precision


def load_float32(base: Path, precision: Precision = FLOAT32) -> Any:
    """All of it in what the precision computes in; rounded where the folder says so (`harness.engines.rounded`)."""
    import torch

    return rounded.load(
        base,
        getattr(torch, precision.compute),
        device_map=device(),
        attn_implementation=attention_of(precision),
    )


FORM = Loading("float32", load_float32, {})
