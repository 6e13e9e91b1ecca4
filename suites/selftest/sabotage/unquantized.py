"""A pytest plugin: the 4-bit form in which one layer was left in full precision."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.engines import nf4
from harness.engines.forms import FORMS


def _load(base: Path) -> Any:
    """Every product the same as before: the layer keeps the values that its 4-bit weight stands for."""
    import bitsandbytes
    import torch

    model = nf4.load_nf4(base)
    attention = model.model.layers[0].self_attn
    packed = attention.q_proj.weight
    plain = torch.nn.Linear(attention.q_proj.in_features, attention.q_proj.out_features, bias=False)
    plain.weight = torch.nn.Parameter(
        bitsandbytes.functional.dequantize_4bit(packed.data, packed.quant_state), requires_grad=False
    )
    attention.q_proj = plain
    return model


assert isinstance(FORMS, dict), "forms are looked up by name"
FORMS["nf4"] = replace(FORMS["nf4"], load=_load)
