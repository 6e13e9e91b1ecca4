"""Tell two texts that differ in a word or two from two texts that ask different things.

Ordinary questions of one kind differ in a word, too: "What is the capital of Peru?" is no copy of the same question
about Chile. So what counts is how many telling words both texts share beside the change. Words that do not change what
is asked (articles, politeness) count for nothing, nor does the frame that many prompts of a file share. A number, a
sign or a negation that differs always makes another question.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from difflib import SequenceMatcher

from harness.dataset.texts import Spool
from harness.text import units


def _words(*lines: str) -> frozenset[str]:
    return frozenset(word for line in lines for word in line.split(" "))


EMPTY = _words(
    "a an the of to in on at for from by with and or so then that this these those it its is are was were be been do",
    "does did can could would will shall should may might i me my we us our you your one some any please kindly just",
    "really very quite now today again also well ok okay hello hi hey dear thanks thank simply briefly exactly indeed",
    "actually certainly surely perhaps maybe let lets tell",
    "\u8bf7 \u8acb \u95ee \u554f \u5417 \u55ce \u5462 \u554a \u5427 \u5440 \u60a8 \u4f60 \u6211",
)
"""English words and Chinese characters that can be added or left out without changing what is asked."""
NEGATIONS = _words(
    "not no never none without nor neither cannot isnt arent dont doesnt didnt wont cant nt t",
    "\u4e0d \u6ca1 \u6c92 \u65e0 \u7121 \u975e \u672a \u52ff \u522b \u5225 \u5426 \u83ab",
)

ADDED, ONE_CHANGED, TWO_CHANGED = 3, 6, 9
"""Fewest different telling words that two texts must share to count as one text: where one word was added, where one
was changed, and where two were changed. At six it is unlikely that two different questions of one kind share all the
rest; each further changed word needs more."""
INSIDE = 12
"""The same inside one file, where variants are often intended: shared telling words beside one or two changed words."""
LONGEST = 400
"""Longest text, in units, that is compared word by word. Longer copies are found by their runs and shingles."""
FRAME_SHARE, FRAME_ITEMS, SAMPLE = 0.2, 10, 1000
"""A word belongs to the frame of a file's prompts if at least this share, and at least this number, of the prompts
looked at contain it; at most so many prompts are looked at."""

_TELLING = re.compile(
    r"\d|^\W|^[\u3007\u96f6\u4e00\u4e8c\u4e24\u5169\u4e09\u56db\u4e94\u516d\u4e03\u516b\u4e5d\u5341\u767e\u5343\u4e07\u842c\u4ebf\u534a]$"
)


def frame_words(spool: Spool) -> frozenset[str]:
    """Words of the frame that many prompts of a file share, from at most `SAMPLE` of them, evenly spread."""
    step = max(1, len(spool) // SAMPLE)
    chosen = range(0, len(spool), step)
    counts = Counter(word for number in chosen for word in set(units.units(spool.side(number, "prompt"))))
    return frozenset(
        word for word, count in counts.items() if count >= FRAME_ITEMS and count >= FRAME_SHARE * len(chosen)
    )


def content(found: Collection[str], frame: Collection[str] = ()) -> list[str]:
    """The telling units of a text, in order: neither in `EMPTY` nor in the frame."""
    return [unit for unit in found if unit not in EMPTY and unit not in frame]


def same_but_for_words(left: str, right: str, frame: Collection[str]) -> bool:
    """Whether two prompts of different files count as one: they differ in nothing but `EMPTY` words, one or two added
    words, or one or two changed words, and share enough telling words (`ADDED`, `ONE_CHANGED`, `TWO_CHANGED`)."""
    change = _change(units.units(left), units.units(right), frame)
    if change is None:
        return False
    shared, gone, new = change
    if not gone and not new:
        return shared > 0
    if not gone or not new:
        return shared >= (ADDED if max(gone, new) <= 1 else TWO_CHANGED)
    return shared >= (ONE_CHANGED if max(gone, new) <= 1 else TWO_CHANGED)


def weight(found: Collection[str]) -> float:
    """How many words units are worth: a character of a script without spaces is half of one."""
    return sum(0.5 if len(unit) == 1 and units.is_character(unit) else 1 for unit in found)


def few_words_changed(left: Sequence[str], right: Sequence[str], frame: Collection[str]) -> bool:
    """Whether two texts of one file differ in at most two words and share at least `INSIDE` telling words."""
    change = _change(left, right, frame)
    return change is not None and change[0] >= INSIDE


def _change(left: Sequence[str], right: Sequence[str], frame: Collection[str]) -> tuple[float, float, float] | None:
    """(telling words that both share, words only in `left`, words only in `right`), weighed by `weight`; None where
    more than two words differ, a number, sign or negation does, or a text is longer than `LONGEST`."""
    if max(len(left), len(right)) > LONGEST:
        return None
    gone, new, shared = [], [], set()
    for tag, a, b, c, d in SequenceMatcher(None, left, right, False).get_opcodes():
        if tag == "equal":
            shared.update(content(left[a:b], frame))
        else:
            gone += [unit for unit in left[a:b] if unit not in EMPTY]
            new += [unit for unit in right[c:d] if unit not in EMPTY]
    if max(weight(gone), weight(new)) > 2:
        return None
    if any(unit in NEGATIONS or _TELLING.search(unit) for unit in (*gone, *new)):
        return None
    return weight(shared), weight(gone), weight(new)
