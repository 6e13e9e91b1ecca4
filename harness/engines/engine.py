"""A form that can be asked, whatever engine is behind it: logits of a passage, answers to items, and what it weighs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from harness.dataset.item import Item
from harness.engines import llama_cpp as llama_answers
from harness.engines.answers import Answer
from harness.engines.divergence import Passage, completion_logits
from harness.engines.form import Loaded
from harness.engines.generate import Decoding, answer_all
from harness.engines.llama_cpp import Llama


@dataclass(frozen=True, slots=True)
class Voice:
    prepare: Callable[[Sequence[Passage]], None]
    """Called once before the passages: what is needed to take them one at a time."""
    logits: Callable[[Passage], Any]
    """Teacher-forced logits at each completion position: float32 (tokens, vocab)."""
    answer: Callable[[Sequence[Item], Decoding], list[Answer]]
    memory: Callable[[], int]
    """Bytes, by `memory_of`; asked last."""
    memory_of: str
    """``weights``: parameters and buffers alone. ``process, at most``: all that the engine's process has held."""


def of_transformers(engine: Loaded) -> Voice:
    """A model in this process, an adapter mounted on it or merged into it."""
    return Voice(
        prepare=lambda passages: None,
        logits=lambda passage: completion_logits(engine, passage),
        answer=lambda items, decoding: answer_all(engine, items, decoding),
        memory=lambda: int(engine.model.get_memory_footprint()),
        memory_of="weights",
    )


def of_llama(llama: Llama, tokenizer: Any) -> Voice:
    """A GGUF file behind llama.cpp. Prompts come from `tokenizer`, so that every form is asked with the same ids."""
    return Voice(
        prepare=lambda passages: llama.context(max(len(one.prompt) + len(one.completion) for one in passages), 1),
        logits=lambda passage: llama.logits(passage.prompt, passage.completion),
        answer=lambda items, decoding: llama_answers.answer_all(llama, tokenizer, items, decoding),
        memory=lambda: llama.peak,
        memory_of="process, at most",
    )
