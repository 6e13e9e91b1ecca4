"""Greedy answers of a GGUF file, from the very token ids that every other form is asked with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from harness import tokens
from harness.answers import Answer
from harness.dataset.item import Item
from harness.engines.generate import Decoding, batches
from harness.engines.llama import Llama

Progress = Callable[[int, int], None]
"""Called with (done, total)."""


def answer_all(
    llama: Llama,
    tokenizer: Any,
    items: Sequence[Item],
    decoding: Decoding,
    progress: Progress = lambda done, total: None,
) -> list[Answer]:
    """One greedy answer an item, in the order of the items; batches depend on the list of items alone.

    Raises:
        EngineError: the child died, hung or refused.
    """
    prompts = {item.id: tokens.prompt_ids(tokenizer, item.messages) for item in items}
    grouped = batches({name: len(ids) for name, ids in prompts.items()}, decoding.batch_size)
    answers: dict[str, Answer] = {}
    for batch in grouped:
        llama.context(max(len(prompts[name]) for name in batch) + decoding.max_new_tokens, len(batch))
        generated, _ = llama.generate([prompts[name] for name in batch], decoding.max_new_tokens)
        for name, ids in zip(batch, generated, strict=True):
            answers[name] = Answer(
                item=name,
                text=tokenizer.decode(ids, skip_special_tokens=True),
                ids=tuple(ids),
                # llama.cpp ends at any token that the file declares to be an end, not only at the tokenizer's own
                stop="end" if len(ids) < decoding.max_new_tokens or ids[-1] == tokenizer.eos_token_id else "length",
                prompt_tokens=len(prompts[name]),
            )
        progress(len(answers), len(items))
    return [answers[item.id] for item in items]
