"""Measure how far two models differ on the same texts: KL divergence (teacher-forced) and first-token logits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from harness import out_of_memory
from harness.dataset import tokens
from harness.dataset.item import Item
from harness.engines.form import Loaded


@dataclass(frozen=True, slots=True)
class Passage:
    """Token ids of a prompt and of the reference answer behind it."""

    prompt: tuple[int, ...]
    completion: tuple[int, ...]


def passages(tokenizer: Any, items: Sequence[Item]) -> list[Passage]:
    learned = (tokens.learned_ids(tokenizer, item) for item in items)
    return [Passage(tuple(prompt), tuple(completion)) for prompt, completion in learned]


def completion_logits(engine: Loaded, text: Passage) -> Any:
    """Teacher-forced logits at each completion position: a float32 tensor (tokens, vocab) on the CPU."""
    import torch

    ids = torch.tensor([[*text.prompt, *text.completion]], device=engine.model.device)
    with torch.inference_mode(), out_of_memory.said(f"computing logits of a passage of {ids.shape[1]} tokens"):
        return engine.model(input_ids=ids, logits_to_keep=len(text.completion) + 1).logits[0, :-1].float().cpu()


def completion_logprobs(engine: Loaded, texts: Sequence[Passage]) -> list[Any]:
    """Log-probabilities at each completion position: one float32 tensor (tokens, vocab) a passage."""
    return [completion_logits(engine, text).log_softmax(-1) for text in texts]


def mean_kl(of: Sequence[Any], against: Sequence[Any]) -> float:
    """Mean KL(of || against) in nats per token over all positions."""
    total: float = sum(float((p.exp() * (p - q)).sum()) for p, q in zip(of, against, strict=True))
    return total / sum(int(p.shape[0]) for p in of)
