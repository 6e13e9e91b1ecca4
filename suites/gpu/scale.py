"""The random Qwen3 that a run's steps of size are taken on: the 8B one of a card, a tiny one of a rehearsal.

The numbers of ``8b`` are those of the published Qwen3-8B (its ``config.json``), so memory and speed are its own; the
weights are random, so what it says is not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

GIB = 2**30


@dataclass(frozen=True, slots=True)
class Scale:
    name: str
    config: Mapping[str, int]
    """Of `transformers.Qwen3Config`; the vocabulary head is not tied to the embeddings."""
    rows: int
    """Samples that are trained together."""
    tokens: int
    """Of a sample, half of them learned."""
    steps: int
    """Training steps of a round, of which the first `UNTIMED` are not timed: kernels are loaded and states made."""
    rounds: int
    """Times that each tool is measured, in turn."""
    prompts: int
    """That are answered together."""
    prompt_tokens: int
    """Of the longest prompt; each is shorter than the one before."""
    new_tokens: int
    """Of every answer: a random model has no end to say."""
    few: int
    """Size of the smaller batches that the same prompts are answered in."""
    alone: int
    """Prompts that are answered one by one."""

    def sizes_of_prompts(self) -> list[int]:
        """From the longest down to half of it, so that batches are padded."""
        return [
            self.prompt_tokens - (self.prompt_tokens // 2) * number // self.prompts for number in range(self.prompts)
        ]


_8B = Scale(
    name="8b",
    config={
        "vocab_size": 151_936,
        "hidden_size": 4096,
        "intermediate_size": 12_288,
        "num_hidden_layers": 36,
        "num_attention_heads": 32,
        "num_key_value_heads": 8,
        "head_dim": 128,
        "max_position_embeddings": 40_960,
    },
    rows=2,
    tokens=1024,
    steps=8,
    rounds=2,
    prompts=32,
    prompt_tokens=256,
    new_tokens=64,
    few=8,
    alone=4,
)
_TINY = Scale(
    name="tiny",
    config={
        "vocab_size": 512,
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 16,
        "max_position_embeddings": 512,
    },
    rows=2,
    tokens=32,
    steps=3,
    rounds=1,
    prompts=4,
    prompt_tokens=16,
    new_tokens=4,
    few=2,
    alone=2,
)
SCALES: Mapping[str, Scale] = {one.name: one for one in (_8B, _TINY)}

UNTIMED = 2
"""Training steps that no clock counts."""
MOST_LOADED = 6 * GIB
"""Bytes that the base in NF4 may take of a card while it is loaded, and afterwards."""
MOST_TRAINING = 40e9
"""Bytes that a step of QLoRA at 2 x 1024 tokens must stay below."""


def usual(device: str) -> str:
    """Name of the scale that a device gets unless one is asked for."""
    return _8B.name if device == "cuda" else _TINY.name
