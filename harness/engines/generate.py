"""Greedy answers in batches that depend on nothing but the list of items.

So neither the number of workers, nor the order of tests, nor what is stored can change an answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.dataset import tokens
from harness.dataset.item import Item
from harness.engines import halving
from harness.engines.answers import Answer
from harness.engines.form import Loaded
from harness.engines.greedy import decode
from harness.engines.halving import Note
from harness.engines.nf4_unpacked import unpacked
from harness.engines.progress import Progress, silent
from harness.spec.work import Generation


@dataclass(frozen=True, slots=True)
class Decoding:
    batch_size: int
    """Prompts that are answered at once, at most."""
    max_new_tokens: int
    stop: tuple[str, ...] = ()
    """Texts that end an answer, beside the end tokens."""
    batch_tokens: int = Generation.batch_tokens
    """Tokens that are held at once, at most (`batches`)."""
    may_halve: bool = True
    """Whether a batch that does not fit in memory is asked in halves. One that is asked again is not: in halves it
    would be another batch."""

    def one_by_one(self) -> Decoding:
        """The same with every prompt alone, whatever was let be asked beside it."""
        return Decoding(1, self.max_new_tokens, self.stop)


def answer_all(
    engine: Loaded,
    items: Sequence[Item],
    decoding: Decoding,
    progress: Progress = silent,
    note: Note = halving.forget,
) -> list[Answer]:
    """One greedy answer an item, in the order of the items.

    Args:
        note: called with each batch that did not fit in memory and was asked in halves.

    Raises:
        NoMemoryError: a half, or a single item, does not fit either.
    """
    prompts = {item.id: tokens.prompt_ids(engine.tokenizer, item.messages, item.tools) for item in items}
    last, pad = ends(engine), tokens.pad_id(engine.tokenizer)

    def stopped(ids: Sequence[int]) -> bool:
        return tokens.stopped(engine.tokenizer, ids, decoding.stop)

    def generated(names: Sequence[str]) -> list[list[int]]:
        return decode(engine.model, [prompts[name] for name in names], last, pad, decoding.max_new_tokens, stopped)

    lengths = {name: len(ids) for name, ids in prompts.items()}
    answers: dict[str, Answer] = {}
    ask = halving.ask if decoding.may_halve else halving.ask_whole
    with unpacked(engine.model):
        for batch in batches(lengths, decoding):
            words = f"of up to {lengths[batch[-1]]} tokens each, and {decoding.max_new_tokens} new ones"
            for name, ids in zip(batch, ask(batch, generated, words, note), strict=True):
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


def batches(lengths: Mapping[str, int], decoding: Decoding) -> list[list[str]]:
    """Ids in batches of nearly equal size, sorted by prompt length (then id) so that little is padded.

    A batch that would hold more than `decoding.batch_tokens` is divided, from its longest prompt on, into as few as
    hold no more. An item that is longer than that by itself is a batch of its own.

    Args:
        lengths: id -> tokens of its prompt.
    """
    ordered = sorted(lengths, key=lambda name: (lengths[name], name))
    count = -(-len(ordered) // decoding.batch_size)
    equal = (ordered[len(ordered) * k // count : len(ordered) * (k + 1) // count] for k in range(count))
    return [part for batch in equal for part in _that_fit(batch, lengths, decoding)]


def _that_fit(batch: Sequence[str], lengths: Mapping[str, int], decoding: Decoding) -> list[list[str]]:
    """A batch in parts that fit, the shortest prompts first.

    Every row of a batch takes as much of the cache as its longest prompt with all its new tokens.
    """
    parts, left = [], list(batch)
    while left:
        row = lengths[left[-1]] + decoding.max_new_tokens
        rows = max(1, decoding.batch_tokens // row)
        parts.append(left[-rows:])
        del left[-rows:]
    return parts[::-1]
