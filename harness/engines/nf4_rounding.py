"""The rounding of NF4 in memory: a model's linear layers get the values that their 4-bit modules would compute with.

Which layers those are is asked of transformers' own quantizer, on a model without weights, and the rounding is that of
bitsandbytes' own parameter. So the result is what loading in NF4 and de-quantizing gives, one layer at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any


def layers(config: Any) -> tuple[str, ...]:
    """Names of the modules that are 4-bit in a causal language model of this configuration when it is loaded in NF4."""
    import torch
    from bitsandbytes.nn import Linear4bit
    from transformers import AutoModelForCausalLM
    from transformers.initialization import no_tie_weights
    from transformers.quantizers.auto import AutoHfQuantizer

    with torch.device("meta"), no_tie_weights():  # as `from_pretrained` has it when it chooses
        skeleton = AutoModelForCausalLM.from_config(config)
    quantizer = AutoHfQuantizer.from_config(_settings(), pre_quantized=False)
    quantizer.preprocess_model(skeleton, device_map=None)
    return tuple(name for name, module in skeleton.named_modules() if isinstance(module, Linear4bit))


def values(model: Any, names: tuple[str, ...], dtype: Any) -> Iterator[tuple[str, Any]]:
    """(name, values after the rounding) of each of these modules, in `dtype`, in the layout of the module's weight.

    The values are rounded in float32, whatever the model holds them in.
    """
    from transformers.pytorch_utils import Conv1D

    for name in names:
        module = model.get_submodule(name)
        turned = isinstance(module, Conv1D)  # it keeps (in, out), and 4-bit modules (out, in)
        weight = module.weight.detach().float()
        found = _there_and_back(weight.T if turned else weight).to(dtype)
        yield name, found.T.contiguous() if turned else found


def apply(model: Any, found: Iterable[tuple[str, Any]]) -> None:
    """Give each module's weight its values; it stays the same parameter. One after the other, so that of a generator
    no more than one layer is in memory twice."""
    for name, one in found:
        model.get_submodule(name).weight.data = one


def _there_and_back(weight: Any) -> Any:
    """float32 (out, in) as its 4-bit module would de-quantize it."""
    from bitsandbytes.functional import dequantize_4bit
    from bitsandbytes.nn import Params4bit

    settings = _settings()
    packed = Params4bit(
        weight.contiguous(),
        requires_grad=False,
        compress_statistics=settings.bnb_4bit_use_double_quant,
        quant_type=settings.bnb_4bit_quant_type,
        quant_storage=settings.bnb_4bit_quant_storage,
    ).to(weight.device)
    return dequantize_4bit(packed.data, packed.quant_state)


def _settings() -> Any:
    from transformers import BitsAndBytesConfig

    return BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True)
