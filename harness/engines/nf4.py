"""The base in bitsandbytes NF4 with double quantization: the form that the mission ships.

On a CPU with AVX512-BF16 bitsandbytes re-packs the weights at the first forward pass and computes in
bfloat16 whatever the compute dtype says; answers then move with the batch size and with the machine.
The module's own switch turns that off: each product is float32 on weights de-quantized as needed, the
same on every CPU, the same in every batching, and faster from 32 rows on. Where a spec asks for bfloat16
(`harness.spec.serve`), products and what stays unquantized are in that, and answers move with the batching.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.engines.form import FLOAT32, Loading, attention_of, device
from harness.spec.serve import Precision

_SETTINGS = {"bnb_4bit_quant_type": "nf4", "bnb_4bit_use_double_quant": True, "packed": False}


def load_nf4(base: Path, precision: Precision = FLOAT32) -> Any:
    import torch
    from transformers import AutoModelForCausalLM, BitsAndBytesConfig

    config = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=getattr(torch, precision.compute),
    )
    model = AutoModelForCausalLM.from_pretrained(
        base,
        quantization_config=config,
        device_map=device(),
        dtype=getattr(torch, precision.rest),
        attn_implementation=attention_of(precision),
    )
    for module in four_bit_modules(model):
        module.support_avx512bf16_for_cpu = False
    return model


def four_bit_modules(model: Any) -> Iterator[Any]:
    """The modules of `model` whose weights are 4-bit."""
    from bitsandbytes.nn import Linear4bit

    return (module for module in model.modules() if isinstance(module, Linear4bit))


@dataclass(frozen=True, slots=True)
class Census:
    """Counts of a loaded model's linear layers by how their weights are stored."""

    linear: int
    """Linear layers but the vocabulary head, which stays in full precision by bitsandbytes' own default."""
    four_bit: int
    """Of these, layers whose weight is packed 4-bit NF4 with double quantization."""
    bits_per_weight: float
    """Of the 4-bit layers, quantization constants not counted."""
    footprint: int
    """Bytes of all parameters and buffers."""


def census(model: Any) -> Census:
    from torch import nn

    head = model.get_output_embeddings()
    linear = [module for module in model.modules() if isinstance(module, nn.Linear) and module is not head]
    packed = [module for module in four_bit_modules(model) if _is_nf4(module.weight)]
    weights = sum(module.weight.quant_state.shape.numel() for module in packed)
    stored = sum(module.weight.numel() * module.weight.element_size() for module in packed)
    return Census(len(linear), len(packed), 8 * stored / weights if weights else 0.0, model.get_memory_footprint())


def _is_nf4(weight: Any) -> bool:
    state = getattr(weight, "quant_state", None)
    return state is not None and state.quant_type == "nf4" and state.nested and weight.element_size() == 1


FORM = Loading("nf4", load_nf4, _SETTINGS)
