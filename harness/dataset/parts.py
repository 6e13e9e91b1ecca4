"""Compare two texts by the sentences that only one of them has.

Questions about one passage, and inputs to one instruction, share most of their words and are still different items;
their own sentences show it.
"""

from __future__ import annotations

from collections.abc import Collection

from harness.dataset.changed_words import same_but_for_words
from harness.text import units
from harness.text.pattern import later

_END = later(r"(?<=[.!?:])\s+|[\n\r]+|(?<=[\u3002\uff01\uff1f\uff1a\uff1b])")
_ASKS = later("[?\uff1f]")
ALIKE = 0.5
"""Least share of words that a sentence and an edited copy of it have in common."""


SHORT = 8
"""Most different words of a line in which another number makes another task, as in sums."""


def sentences(text: str) -> list[str]:
    """The sentences of a text, each line's end and each colon ending one as well."""
    return [part for part in _END.split(text) if part and not part.isspace()]


def ask_apart(left: str, right: str, frame: Collection[str] = ()) -> bool:
    """Whether two texts that share whole sentences also have different ones that ask different things.

    A sentence that was added, left out or edited in place does not make another item. Two texts of one sentence each
    share no sentence: the result is False.
    """
    here, there = sentences(left), sentences(right)
    keys = [[units.bare(one) for one in said] for said in (here, there)]
    common = set(keys[0]) & set(keys[1])
    common.discard("")
    if not common:
        return False
    mine, other = ([at for at, key in enumerate(said) if key not in common] for said in keys)
    if not mine or not other:
        return False
    said, asked = "\n".join(here[at] for at in mine), "\n".join(there[at] for at in other)
    question = bool(_ASKS.search(said) or _ASKS.search(asked))
    if not question and not (_at_an_end(mine, len(here)) and _at_an_end(other, len(there))):
        return False
    if same_but_for_words(said, asked, frame):
        return False
    words, others = set(units.units(said)), set(units.units(asked))
    differ = words ^ others
    alike = len(words & others) / len(words | others)
    return question or alike < ALIKE or (len(words) <= SHORT and any(word.isdigit() for word in differ))


def _at_an_end(places: list[int], count: int) -> bool:
    return places[0] == 0 or places[-1] == count - 1
