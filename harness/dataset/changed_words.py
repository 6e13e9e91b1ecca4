"""Tell a text in which a word or two were changed from one that asks something else.

Ordinary questions of one kind differ in a word, too: "What is the capital of Peru?" copies nothing. So what counts is
how much both texts say beside the change: words without which nothing else is asked (articles, politeness) weigh
nothing on either side, nor do the frames that many items of a file share; and a number, a sign or a negation that
differs makes another question, whatever else is the same.
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
"""English words, and Chinese characters, that may stand or be left out without another thing being asked."""
NEGATIONS = _words(
    "not no never none without nor neither cannot isnt arent dont doesnt didnt wont cant nt t",
    "\u4e0d \u6ca1 \u6c92 \u65e0 \u7121 \u975e \u672a \u52ff \u522b \u5225 \u5426 \u83ab",
)

ADDED, ONE_CHANGED, TWO_CHANGED = 3, 6, 9
"""Different words that two texts must share beside one added word, one changed word and two, to be one text: at six the
chance that two questions of a kind share all the rest has become small, and each changed word takes more."""
INSIDE = 12
"""The same inside one file, where variants are often meant: as many beside one or two changed words."""
LONGEST = 400
"""Units of a text that are compared word by word; longer copies share runs and shingles, which others look for."""
FRAME_SHARE, FRAME_ITEMS, SAMPLE = 0.2, 10, 1000
"""A word in so large a share of a file's prompts, and in so many of those looked at, belongs to their frame."""

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
    """The units that say something of their own, in order."""
    return [unit for unit in found if unit not in EMPTY and unit not in frame]


def same_but_for_words(left: str, right: str, frame: Collection[str]) -> bool:
    """Whether two prompts of different files are one, but for words that weigh nothing, one that was added, or one or
    two that were changed in a text that says enough beside them."""
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
    """Whether two texts of one file differ in at most two words of many."""
    change = _change(left, right, frame)
    return change is not None and change[0] >= INSIDE


def _change(left: Sequence[str], right: Sequence[str], frame: Collection[str]) -> tuple[float, float, float] | None:
    """Different telling words that both share, and how many stand in one of them alone; None where another thing is
    asked, or more than two words differ. Characters of scripts without spaces count for half a word."""
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
