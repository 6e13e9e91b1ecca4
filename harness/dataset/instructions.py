"""Find the instructions that items of a file share: sentences with which several different prompts open or close.

What a fifth of all prompts contain is found by counting (`harness.dataset.shared_runs`). An instruction may be shared
by only two items of many; it is told from content by its place at the start or end, and by the rest of the prompts
being different.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator

import numpy as np

from harness.dataset.changed_words import weight
from harness.dataset.parts import sentences
from harness.dataset.texts import Spool, answer_key
from harness.text import units

LONGEST = 40
"""Longest instruction, in words: a longer shared text is a passage."""
REACH = 8 * LONGEST
"""Characters at either end of a prompt in which an instruction is looked for."""
OPENING, CLOSING = 2, 3
"""How many different prompts must open, or close, with a text for it to be an instruction."""


def instructions(spool: Spool, least: int) -> Iterator[list[str]]:
    """Units of each instruction of at least so many words, in the order of the file, each once."""
    keys, prompts = array("Q"), array("Q")
    for number in range(len(spool)):
        prompt = spool.side(number, "prompt")
        for key, _ in _pieces(prompt):
            keys.append(key)
            prompts.append(answer_key(prompt))
    pairs = np.unique(np.array([keys, prompts], np.uint64).reshape(2, -1), axis=1)
    found, counts = np.unique(pairs[0], return_counts=True)
    shared = {int(key) for key in found[counts >= np.where(found & np.uint64(1), CLOSING, OPENING)]}
    for number in range(len(spool)) if shared else ():
        for key, piece in _pieces(spool.side(number, "prompt")):
            if key in shared:
                shared.discard(key)
                said = units.units(piece)
                if least <= weight(said) <= LONGEST:
                    yield said


def _pieces(prompt: str) -> Iterator[tuple[int, str]]:
    """(key, text) of every run of whole sentences that opens the prompt (even keys) or closes it (odd keys), the whole
    prompt excepted."""
    for closes, text in ((0, prompt[:REACH]), (1, prompt[-REACH:])):
        parts = sentences(text)
        if len(text) < len(prompt) and parts:
            parts.pop(0 if closes else -1)  # it was cut
        most = len(parts) - (len(text) == len(prompt))
        for count in range(1, most + 1):
            piece = "\n".join(parts[-count:] if closes else parts[:count])
            yield answer_key(piece) & ~1 | closes, piece
