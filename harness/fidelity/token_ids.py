"""Compare token ids: the same text must give the same ids where the adapter was trained and where it is served."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

SHOWN = 3
"""Most items that a message shows."""
AROUND = 3
"""Tokens shown on each side of the first difference."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One item as several readers tokenize it."""

    item: str
    part: str
    """``prompt`` or ``answer``."""
    ids: Mapping[str, Sequence[int]]
    """Reader -> token ids; the first one is the reference."""

    @property
    def same(self) -> bool:
        first, *others = (list(ids) for ids in self.ids.values())
        return all(other == first for other in others)


def differing_items(readings: Iterable[Reading]) -> list[str]:
    """Items that some reader reads otherwise, in order, each once."""
    return list(dict.fromkeys(reading.item for reading in readings if not reading.same))


def explain(reading: Reading) -> str:
    """Where the readers part, in words.

    ``style-001 prompt: token 0 is 1 in training and 9 in llama.cpp (1 17 3 | 9 1 17)``
    """
    (reference, first), *others = ((name, list(ids)) for name, ids in reading.ids.items())
    for name, ids in others:
        if ids != first:
            place = next((k for k, (a, b) in enumerate(zip(first, ids, strict=False)) if a != b), None)
            if place is None:
                return f"{reading.item} {reading.part}: {len(first)} tokens in {reference}, {len(ids)} in {name}"
            window = slice(max(0, place - AROUND), place + AROUND + 1)
            return (
                f"{reading.item} {reading.part}: token {place} is {first[place]} in {reference} and {ids[place]} in "
                f"{name} ({_row(first[window])} | {_row(ids[window])}; {len(first)} and {len(ids)} tokens)"
            )
    return f"{reading.item} {reading.part}: the same ids in {', '.join(reading.ids)}"


def _row(ids: Sequence[int]) -> str:
    return " ".join(map(str, ids))
