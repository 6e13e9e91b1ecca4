"""A Qwen3 with random weights in NF4, made on the device one matrix at a time.

No checkpoint is read and none is written: 16 GB of random bfloat16 would take longer to move than all that is measured
of them. What comes out is what ``from_pretrained`` makes of such a checkpoint (`suites.gpu.random_checkpoint` writes
it): transformers' own quantizer chooses and replaces the modules, and each matrix is made in bfloat16, rounded to NF4
and freed before the next.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from suites.gpu.scale import Scale

SEED = 11
DEVIATION = 0.02
"""Of the weights, as transformers initialises a Qwen3 (``initializer_range``)."""
Dtype = Literal["float32", "bfloat16"]
WORDS = ("<|end|>", "<|pad|>", "word")
END, PAD = 0, 1


def made(scale: Scale, device: str, dtype: Dtype) -> Any:
    """The base in NF4 with double quantization, as `training.quantized_base` and `harness.engines.nf4` load it.

    Args:
        dtype: what products and whatever stays unquantized are in; the weights have the same values in either.
    """
    import torch
    from transformers import GenerationConfig

    model = empty(scale, dtype)
    quantizer = _quantizer(dtype)
    quantizer.preprocess_model(model=model, dtype=getattr(torch, dtype), device_map={"": device})
    for name, value in weights(model, device):
        _place(model, name, value, getattr(torch, dtype))
    model.model.rotary_emb = type(model.model.rotary_emb)(config=model.config).to(device)
    model.generation_config = GenerationConfig(eos_token_id=END, pad_token_id=PAD)
    model.hf_quantizer = quantizer
    quantizer.postprocess_model(model)
    return model.eval()


def empty(scale: Scale, dtype: Dtype) -> Any:
    """The architecture, which takes no memory yet."""
    import torch
    from transformers import Qwen3Config, Qwen3ForCausalLM

    config = Qwen3Config(
        **scale.config,
        tie_word_embeddings=False,
        initializer_range=DEVIATION,
        bos_token_id=None,
        eos_token_id=END,
        pad_token_id=PAD,
        dtype=dtype,
    )
    config._attn_implementation = "sdpa"
    with torch.device("meta"):
        return Qwen3ForCausalLM(config).to(getattr(torch, dtype))


def weights(model: Any, device: str) -> Iterator[tuple[str, Any]]:
    """Name -> bfloat16 values of each parameter in turn, the same every time: normal, but for norms, which are ones."""
    import torch

    generator = torch.Generator(device).manual_seed(SEED)
    for name, parameter in list(model.named_parameters()):
        value = torch.empty(parameter.shape, dtype=torch.bfloat16, device=device)
        yield name, value.fill_(1) if value.dim() == 1 else value.normal_(0, DEVIATION, generator=generator)


def tokenizer() -> Any:
    """A tokenizer of three words: trainers ask for one, and what is trained and asked here are ids."""
    from tokenizers import Tokenizer, models
    from transformers import PreTrainedTokenizerFast

    words = models.WordLevel({word: number for number, word in enumerate(WORDS)}, unk_token=WORDS[-1])
    return PreTrainedTokenizerFast(tokenizer_object=Tokenizer(words), eos_token=WORDS[END], pad_token=WORDS[PAD])


def ids(count: int, scale: Scale, seed: int) -> tuple[int, ...]:
    """Random token ids, none of which has a meaning."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    found = torch.randint(len(WORDS), scale.config["vocab_size"], (count,), generator=generator)
    return tuple(int(one) for one in found)


def _quantizer(dtype: Dtype) -> Any:
    import torch
    from transformers import BitsAndBytesConfig
    from transformers.quantizers.auto import AutoHfQuantizer

    asked = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=getattr(torch, dtype),
    )
    return AutoHfQuantizer.from_config(asked, pre_quantized=False)


def _place(model: Any, name: str, value: Any, dtype: Any) -> None:
    """Put a parameter's values into the model: in 4 bits where the quantizer left a 4-bit layer for them."""
    from bitsandbytes.nn import Linear4bit, Params4bit
    from torch import nn

    place, _, leaf = name.rpartition(".")
    module = model.get_submodule(place)
    if isinstance(module, Linear4bit):
        module.support_avx512bf16_for_cpu = False  # as the project's own loaders do
        old = getattr(module, leaf)
        new = Params4bit(value, requires_grad=False, **vars(old)).to(value.device)  # as transformers' Bnb4bitQuantize
    else:
        new = nn.Parameter(value.to(dtype))
    setattr(module, leaf, new)
