"""A pytest plugin: the 4-bit form in which one layer was left in full precision."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.engines import nf4
from harness.forms import nf4 as own
from harness.forms.mounted import Mounted
from harness.forms.registry import OWN
from harness.spec.serve import Precision


def _load(base: Path, precision: Precision) -> Any:
    """Load the form with one layer in full precision, with the values of its 4-bit weight, so that every product stays
    the same."""
    import bitsandbytes
    import torch

    model = nf4.load_nf4(base, precision)
    name, layer = next(
        (name, layer) for name, layer in model.named_modules() if isinstance(layer, bitsandbytes.nn.Linear4bit)
    )
    plain = torch.nn.Linear(layer.in_features, layer.out_features, bias=False)
    values = bitsandbytes.functional.dequantize_4bit(layer.weight.data, layer.weight.quant_state)
    plain.weight = torch.nn.Parameter(values, requires_grad=False)
    if layer.bias is not None:
        plain.bias = layer.bias
    model.set_submodule(name, plain)
    return model


form = OWN["nf4"]
assert isinstance(form, Mounted)
OWN["nf4"] = own.FORM = replace(form, loading=replace(form.loading, load=_load))  # by name, and by place
