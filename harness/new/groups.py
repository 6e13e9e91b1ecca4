"""Which items hang together: of one topic, of one passage, near copies, or a question and the text that asks it too.

What two splits must not share is found by the very searches of the data gates, inside one file.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from harness.dataset import asked_inside, near_prompts, shared_runs
from harness.dataset.item import Item
from harness.dataset.joined import Joined
from harness.dataset.texts import Spool
from harness.spec.data import DEFAULT
from harness.text import units


def groups(items: Sequence[Item]) -> list[list[int]]:
    """Numbers of the items, those that hang together in one list."""
    joined, spool, firsts = Joined(len(items)), Spool(Path("data")), dict[str, int]()
    for number, _ in spool.fill(items):
        item = items[number]
        keys = [f"topic {item.topic}"] if item.topic != item.id else []
        asked = units.bare(spool.side(number, "prompt"))
        for key in [*keys, *([f"prompt {asked}"] if asked else [])]:
            joined.join(number, firsts.setdefault(key, number))
    for one, other in (
        *shared_runs.pairs_within(spool, DEFAULT.overlap),
        *near_prompts.pairs_within(spool),
        *asked_inside.pairs_within(spool),
    ):
        joined.join(one, other)
    return joined.groups()
