"""The frozen base with its linear layers in 4 bits, as it is served: what QLoRA trains an adapter on.

Nothing is de-quantized on the disk: 4-bit weights are made of the checkpoint as it is loaded, and each product
de-quantizes its own matrix. The values are those of `harness.engines.nf4`, whatever they are computed in.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness.engines import resident
from harness.engines.nf4 import four_bit_modules
from harness.spec.recipe import Recipe


def load(base: Path, recipe: Recipe, device: str) -> Any:
    """The base in NF4 with double quantization.

    Args:
        base: checkpoint of the base as it is.
        recipe: `base_dtype` is what products and whatever stays unquantized are computed in.
        device: ``cpu``, ``cuda:0``.
    """
    import torch
    from transformers import AutoModelForCausalLM, BitsAndBytesConfig

    resident.make_room()
    dtype = getattr(torch, recipe.base_dtype)
    config = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=dtype,
        bnb_4bit_quant_storage=dtype if recipe.sharding else torch.uint8,  # FSDP shares out floats alone
    )
    model = AutoModelForCausalLM.from_pretrained(
        base, quantization_config=config, device_map={"": device}, dtype=dtype, attn_implementation=recipe.attention
    )
    for module in four_bit_modules(model):
        module.support_avx512bf16_for_cpu = False  # or a CPU's first product lays the weights out anew, in bfloat16
    return model
