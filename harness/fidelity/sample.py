"""The fixed sample of a benchmark that every form is asked: always the same items, with some for every metric."""

from __future__ import annotations

from collections.abc import Iterable

from harness.dataset.item import Item
from harness.store import digests

NAME = "thirds"
"""What reports call this way of choosing."""


def thirds(items: Iterable[Item], size: int) -> tuple[Item, ...]:
    """`size` items, chosen by the digest of their ids: in turn one to answer, one to refuse, and one that only looks
    like it.

    A random small sample could hold too few refusals to prove anything about them. Where one kind runs out, the others
    fill its place; a file with fewer than `size` items is taken whole.
    """
    piles: dict[str, list[Item]] = {"answer": [], "refuse": [], "alike": []}
    for item in sorted(items, key=lambda item: digests.of_value(item.id)):
        piles["refuse" if item.must_refuse else "alike" if item.look_alike else "answer"].append(item)
    turns = [item for turn in _turns(list(piles.values())) for item in turn]
    return tuple(turns[:size])


def _turns(piles: list[list[Item]]) -> Iterable[list[Item]]:
    longest = max(map(len, piles))
    return ([pile[turn] for pile in piles if turn < len(pile)] for turn in range(longest))
