"""Check how many tokens of an item are trained on, and collect the lengths of a file's items.

A sequence is cut at the longest length that is trained. If the cut takes the whole answer, the item has no label left:
its loss is a mean over nothing and it trains nothing (https://github.com/huggingface/trl/issues/6668).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from harness.dataset import tokens
from harness.dataset.check import TokenizedCheck, trained_files
from harness.dataset.findings import SHOWN, Finding
from harness.dataset.item import Item

Lengths = Callable[[Item], tuple[int, int]]
"""Tokens of an item's prompt and of its answer, end token included."""

OUTLIER = 3.0
"""Distance from the quartiles, in interquartile ranges, from which a length is an outlier (Tukey, "Exploratory Data
Analysis", 1977)."""


@dataclass(slots=True)
class Labels:
    """Finds items that lose labels to the cut; the lengths of all items are complete once `findings` is exhausted."""

    lengths: Lengths
    max_length: int
    """Tokens that one training sequence may have; what is longer is cut at its end."""
    totals: list[tuple[int, int]] = field(default_factory=list)
    """(line, tokens) of each item."""

    def findings(self, path: Path, items: Iterable[Item]) -> Iterator[Finding]:
        """One finding for each item that loses some or all of its labels to the cut."""
        for item in items:
            prompt, answer = self.lengths(item)
            self.totals.append((item.line, prompt + answer))
            left = max(0, min(prompt + answer, self.max_length) - prompt)
            if left == 0:
                problem = f"{prompt} tokens of prompt leave no label within {self.max_length}: it trains nothing"
                yield Finding(path, item.line, "reference", problem, "no-label", 0, item.id)
            elif left < answer:
                problem = f"{prompt} + {answer} tokens: the cut at {self.max_length} takes {answer - left} labels"
                yield Finding(path, item.line, "reference", problem, "cut-labels", 0, item.id)

    def distribution(self) -> str:
        return told(self.totals)


def told(lengths: Sequence[tuple[int, int]]) -> str:
    """Lengths in tokens as one line of text: quantiles, and the lines of outliers."""
    if not lengths:
        return "no lengths"
    low, first, middle, third, high = np.quantile([length for _, length in lengths], (0, 0.25, 0.5, 0.75, 1)).tolist()
    reach = OUTLIER * (third - first)
    far = [(line, length) for line, length in lengths if not first - reach <= length <= third + reach]
    named = ", ".join(f"line {line}: {length}" for line, length in far[:SHOWN])
    more = f" and {len(far) - SHOWN} more" if len(far) > SHOWN else ""
    return (
        f"tokens an item: {low:.0f} to {high:.0f}, quartiles {first:.0f}, {middle:.0f}, {third:.0f}; "
        f"{len(far)} of {len(lengths)} far out" + (f" ({named}{more})" if far else "")
    )


def lengths(tokenizer: Any) -> Lengths:
    """A function that counts an item's tokens of prompt and answer as training does."""

    def lengths(item: Item) -> tuple[int, int]:
        prompt, completion = tokens.learned_ids(tokenizer, item)
        return len(prompt), len(completion)

    return lengths


CHECK = TokenizedCheck(
    name="labels",
    holds="Every item keeps all labels when it is cut to the longest sequence that is trained.",
    kinds=frozenset({"no-label", "cut-labels"}),
    start=lambda base, task, split: Labels(lengths(base.tokenizer), base.max_length),
    concerns=trained_files,
)
