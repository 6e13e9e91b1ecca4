"""How many tokens a release's items have, in the mean: what turns items into work."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from harness.dataset import tokens
from harness.dataset.checks import items_of
from harness.dataset.item import Item
from harness.engines import chat_template
from harness.spec.objects import Spec


@dataclass(frozen=True, slots=True)
class Tokens:
    """Of one item, by the base's tokenizer and chat template."""

    sample: float
    """Of prompt and reference of a training item, in the mean."""
    prompt: float
    """Of a benchmark prompt, in the mean."""
    answer: float
    """Of a benchmark reference, in the mean: a trained adapter's answers are about as long."""
    longest: int
    """Of the longest benchmark reference: a batch goes on until its last answer has ended."""


QWEN3 = Tokens(sample=137.9, prompt=96.5, answer=45.2, longest=88)
"""Of ``data/v3-qwen3``, counted with the published tokenizer (`count`)."""
SMOLLM2 = Tokens(sample=122.2, prompt=88.5, answer=37.4, longest=66)
"""Of ``data/v3``, likewise."""


def count(tokenizer: Any, spec: Spec) -> Tokens:
    """Of all items of the candidate's tasks, as the spec has the base's chat template write them."""
    tokenizer.chat_template = chat_template.settled(tokenizer.chat_template, spec.base.chat)
    asked = [tokens.learned_ids(tokenizer, item) for item in _items(spec, "benchmark")]
    samples = [
        len(prompt) + len(answer)
        for item in _items(spec, "train")
        for prompt, answer in tokens.all_learned_ids(tokenizer, item)
    ]
    answers = [len(answer) for _, answer in asked]
    means = (fmean(samples), fmean(len(prompt) for prompt, _ in asked), fmean(answers))
    return Tokens(*(round(mean, 1) for mean in means), longest=max(answers))


def _items(spec: Spec, split: str) -> Iterator[Item]:
    for task in spec.adapters[spec.candidate].tasks:
        yield from items_of(spec.tasks[task], split)
