"""The sizes of bases that costs are told of, by their published configurations."""

from __future__ import annotations

from collections.abc import Mapping

from harness.engines.shape import Shape
from suites.gpu.scale import SCALES

BF16 = 2
"""Bytes of a weight as hubs keep it."""


def of(config: Mapping[str, int]) -> Shape:
    """The shape of a decoder as Llama and Qwen3 have it, with a vocabulary head of its own, by the names of its
    ``config.json``.

    Norms, some hundred thousand weights in all, are counted by their widths.
    """
    width, inner, blocks = config["hidden_size"], config["intermediate_size"], config["num_hidden_layers"]
    of_a_head = config.get("head_dim", width // config["num_attention_heads"])
    asked, keys = of_a_head * config["num_attention_heads"], of_a_head * config["num_key_value_heads"]
    matrices = [(asked, width), (keys, width), (keys, width), (width, asked), *((inner, width),) * 2, (width, inner)]
    linear = blocks * sum(rows * columns for rows, columns in matrices)
    ends = 2 * config["vocab_size"] * width
    return Shape(
        weights=linear + ends + (2 * blocks + 1) * width,
        linear=linear,
        sides=blocks * sum(map(sum, matrices)),
        blocks=blocks,
        width=width,
        inner=inner,
        keys=keys,
        heads=config["num_attention_heads"],
        words=config["vocab_size"],
    )


_LLAMA_70B = {
    "vocab_size": 128_256,
    "hidden_size": 8192,
    "intermediate_size": 28_672,
    "num_hidden_layers": 80,
    "num_attention_heads": 64,
    "num_key_value_heads": 8,
}
BASES: Mapping[str, Shape] = {"8B": of(SCALES["8b"].config), "70B": of(_LLAMA_70B)}
"""Qwen3-8B, and Llama 3.1 70B: Qwen3 has no dense base of that size."""
