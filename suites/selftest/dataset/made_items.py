"""Items of made-up words: any number, all different."""

from __future__ import annotations

import random

from harness.dataset.item import Item

WORDS = [f"{a}{b}" for a in ("ba", "do", "ki", "lu", "me", "no", "pa", "ri") for b in ("sa", "te", "vi", "zo", "gu")]


def text(seed: int, words: int = 40) -> str:
    return " ".join(random.Random(seed).choices(WORDS, k=words))


def item(line: int, prompt: str, answer: str, must_refuse: bool = False) -> Item:
    turns = ({"role": "system", "content": "The same for all."}, {"role": "user", "content": prompt})
    return Item(f"i{line}", "task", "plain", f"t{line}", turns, answer, (), line, must_refuse=must_refuse)


def different(count: int) -> list[Item]:
    return [item(line, text(line), text(1000 + line)) for line in range(1, count + 1)]
