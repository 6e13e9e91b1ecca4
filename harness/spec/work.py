"""``[generation]``, ``[store]`` and ``[limits]``: how a run does its work, what it keeps and how long it may take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Ge

from harness.spec.table import Table
from harness.spec.values import Chosen, Count, Positive, Share


@dataclass(frozen=True, kw_only=True)
class Generation(Table):
    batch_size: Count = 64
    """Prompts that are answered at once, at most."""
    batch_tokens: Count = 65_536
    """Tokens that are held at once, at most: the longest prompt of a batch with `max_new_tokens` behind it, times the
    prompts of the batch. Where prompts are long fewer are answered at once; one that is longer by itself is answered
    alone. In a model like Qwen3-8B as many keys and values take 9.7 GB in bfloat16."""
    noise_sample: Annotated[int, Ge(0)] = 16
    """Items that are answered once more in another batching."""
    noise_band: Share = 0.05
    """How far a metric may move over these items in the other batching, of a form that computes in bfloat16; of any
    other all answers are the same."""
    ends_by_itself: Share = 0.9
    """Share of an adapter's answers to a task that must end by themselves, and not at the token limit. How an answer
    that was cut would have gone on is unknown; past one in ten the adapter does not end its answers, whatever they
    score."""


Step = Literal["merged", "f16"]
"""The merged checkpoint in float32, and a 16-bit file of it."""


@dataclass(frozen=True, kw_only=True)
class Retention(Table):
    keep_last: Count | None = None
    """After a run, remove artifacts that only runs before the last N used; releases and pins stay. Without it nothing
    is removed."""
    keep: Chosen[Step] = frozenset()
    """Steps on the way to a GGUF file whose bytes stay after a run, ``merged`` and ``f16``. The others are made again
    when something new is measured on them."""


Stage = Literal[
    "base", "tokenizer", "tokenized", "served", "sample", "adapter", "answers", "census", "mount", "again",
    "forgetting", "merged", "merge", "gguf", "lora", "smoke", "reference", "parity", "tokens", "bundle",
]  # fmt: skip
"""Kinds of artifacts whose building can be limited."""

Limits = Mapping[Stage, Positive]
