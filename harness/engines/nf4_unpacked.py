"""De-quantize 4-bit weights once for a list of answers, not once for every token: a tenth faster on a CPU.

The packed modules stay as they are. The values are those that bitsandbytes computes from the packed weights at every
product; they are made when the list begins and freed when it ends.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from harness.engines.nf4 import four_bit_modules

MOST = 2**31
"""Most bytes of de-quantized weights. A model of more than half a billion weights de-quantizes at every product."""


@contextmanager
def unpacked(model: Any) -> Iterator[None]:
    """While the context lasts, 4-bit layers on a CPU use weights de-quantized at its beginning.

    They take 4 bytes a weight, and where that is more than `MOST` in all, nothing changes.
    A GPU de-quantizes inside its product, so nothing changes there; nor for a layer that re-packs its weights for a
    kernel of its own, as bitsandbytes does in bfloat16.
    """
    changed = [module for module in four_bit_modules(model) if _is_plain(module)]
    if 4 * sum(module.in_features * module.out_features for module in changed) > MOST:
        changed = []
    for module in changed:
        module.forward = partial(_product, _weights(module), module.bias)
    try:
        yield
    finally:
        for module in changed:
            del module.forward  # the class's own again


def _is_plain(module: Any) -> bool:
    import torch

    state = getattr(module.weight, "quant_state", None)
    if state is None or module.weight.device.type != "cpu" or module.support_avx512bf16_for_cpu:
        return False
    parts = [state, *([] if module.bias is None else [module.bias])]
    return module.compute_dtype == torch.float32 and all(part.dtype == torch.float32 for part in parts)


def _weights(module: Any) -> Any:
    """The values that the module computes with: float32 (out, in)."""
    from bitsandbytes.functional import dequantize_4bit

    return dequantize_4bit(module.weight.data, module.weight.quant_state)


def _product(weights: Any, bias: Any, x: Any) -> Any:
    import torch

    return torch.nn.functional.linear(x.float(), weights, bias).to(x.dtype)
