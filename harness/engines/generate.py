"""Greedy answers in batches that depend on nothing but the list of items.

So neither the number of workers, nor the order of tests, nor what is stored can change an answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.dataset import tokens
from harness.dataset.item import Item
from harness.engines.answers import Answer
from harness.engines.form import Loaded
from harness.engines.greedy import decode
from harness.engines.nf4_unpacked import unpacked
from harness.engines.progress import Progress, silent


@dataclass(frozen=True, slots=True)
class Decoding:
    batch_size: int
    max_new_tokens: int
    stop: tuple[str, ...] = ()
    """Texts that end an answer, beside the end tokens."""


def answer_all(engine: Loaded, items: Sequence[Item], decoding: Decoding, progress: Progress = silent) -> list[Answer]:
    """One greedy answer an item, in the order of the items."""
    prompts = {item.id: tokens.prompt_ids(engine.tokenizer, item.messages, item.tools) for item in items}
    last, pad = ends(engine), tokens.pad_id(engine.tokenizer)

    def stopped(ids: Sequence[int]) -> bool:
        return tokens.stopped(engine.tokenizer, ids, decoding.stop)

    answers: dict[str, Answer] = {}
    with unpacked(engine.model):
        for batch in batches({name: len(ids) for name, ids in prompts.items()}, decoding.batch_size):
            asked = [prompts[name] for name in batch]
            generated = decode(engine.model, asked, last, pad, decoding.max_new_tokens, stopped)
            for name, ids in zip(batch, generated, strict=True):
                answers[name] = Answer(
                    item=name,
                    text=tokens.text_of(engine.tokenizer, ids, decoding.stop),
                    ids=tuple(ids),
                    stop="end" if ids and (ids[-1] in last or stopped(ids)) else "length",
                    prompt_tokens=len(prompts[name]),
                )
            progress(len(answers), len(items))
    return [answers[item.id] for item in items]


def ends(engine: Loaded) -> frozenset[int]:
    """The tokens that end an answer of a loaded model (`end_tokens`)."""
    return end_tokens(engine.tokenizer, getattr(engine.model, "generation_config", None))


def end_tokens(tokenizer: Any, settings: Any) -> frozenset[int]:
    """The tokens that end an answer: the tokenizer's own, those that the checkpoint's ``generation_config`` names, and
    the one that the chat template writes behind an assistant's turn, which is what training teaches.

    Bases with several write, in a chat, one that is not the tokenizer's, and would else go on to the limit.

    Args:
        settings: transformers' ``GenerationConfig``, or None where there is none.
    """
    named = getattr(settings, "eos_token_id", None)
    several = named if isinstance(named, list | tuple) else [named]
    own = (tokenizer.eos_token_id, tokens.end_of_turn(tokenizer))
    return frozenset(int(one) for one in (*own, *several) if one is not None)


def batches(lengths: Mapping[str, int], size: int) -> list[list[str]]:
    """Ids in batches of nearly equal size, sorted by prompt length (then id) so that little is padded."""
    ordered = sorted(lengths, key=lambda name: (lengths[name], name))
    count = -(-len(ordered) // size)
    return [ordered[len(ordered) * k // count : len(ordered) * (k + 1) // count] for k in range(count)]
