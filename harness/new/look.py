"""What a person's records are, in figures that fit one screen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from harness.dataset import seen as seen_keys
from harness.dataset.item import Item
from harness.new.rows import Row
from harness.text.normal import all_units
from harness.text.pattern import later

_SCRIPTS = (
    ("Latin letters", later("[A-Za-z\u00c0-\u024f]")),
    ("Chinese characters", later("[\u3400-\u4dbf\u4e00-\u9fff]")),
    ("kana", later("[\u3040-\u30ff]")),
    ("Hangul", later("[\uac00-\ud7af]")),
    ("Cyrillic letters", later("[\u0400-\u04ff]")),
    ("Arabic letters", later("[\u0600-\u06ff]")),
    ("Devanagari", later("[\u0900-\u097f]")),
    ("Greek letters", later("[\u0370-\u03ff]")),
    ("Hebrew letters", later("[\u0590-\u05ff]")),
    ("Thai letters", later("[\u0e00-\u0e7f]")),
)
LEAST = 0.02
"""Share of all letters from which a script is told."""


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen."""

    turns: tuple[int, int]
    """Turns of the shortest and of the longest conversation, the answer included."""
    systems: int
    """Items with a system turn of their own."""
    tools: int
    """Items that offer tools."""
    scripts: tuple[tuple[str, float], ...]
    """Script -> share of all letters, the largest first."""
    words: tuple[int, float, int]
    """Words of the shortest, the middle and the longest answer, a character of Chinese for a word."""
    kinds: tuple[str, ...]
    """What records call their kind."""
    topics: int
    """Different topics; 0 where no record names one."""
    keys: str
    """Keys of turns that only the chat template reads, in words; "" for none."""


def look(items: Sequence[Item], rows: Sequence[Row]) -> Look:
    """What the items are.

    Args:
        items: at least one.
        rows: the records that they were made of.
    """
    lengths = [len(all_units(item.reference)) for item in items]
    turns = [len(item.messages) + 1 for item in items]
    keys: seen_keys.Seen = Counter()
    for item in items:
        seen_keys.look(keys, "", item.fields)
    note = seen_keys.note(Counter({name: count for name, count in keys.items() if name[0] == "key"}))
    return Look(
        turns=(min(turns), max(turns)),
        systems=sum(item.messages[0]["role"] in ("system", "developer") for item in items),
        tools=sum(bool(item.tools) for item in items),
        scripts=scripts(
            [str(turn.get("content") or "") for item in items for turn in item.messages]
            + [item.reference for item in items]
        ),
        words=(min(lengths), median(lengths), max(lengths)),
        kinds=tuple(sorted({item.kind for item in items if "kind" in item.fields})),
        topics=len({item.topic for item in items if item.topic != item.id}),
        keys=note,
    )


def scripts(texts: Sequence[str]) -> tuple[tuple[str, float], ...]:
    """Script -> share of all letters of these texts, the largest first; none where there are no letters."""
    counts = {name: sum(len(pattern.findall(text)) for text in texts) for name, pattern in _SCRIPTS}
    total = sum(counts.values())
    shares = ((name, count / total) for name, count in counts.items() if count and count / total >= LEAST)
    return tuple(sorted(shares, key=lambda one: (-one[1], one[0])))
