"""The right answers of an item: its reference, and further ones from a field of its record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from harness.dataset.item import Item
from harness.metrics.settings import Settings
from harness.text.visible import says_something


@dataclass(frozen=True)
class References(Settings):
    """Where further right answers stand."""

    also: str = ""
    """Field of a record that holds further right answers, a text or a list of texts."""


def has_one(item: Item) -> bool:
    """Whether the item is to be answered, and has a reference answer with any text."""
    return not item.must_refuse and says_something(item.reference)


def best(item: Item, answer: str, also: str, likeness: Callable[[str, str], float]) -> float:
    """Largest likeness between an answer and any of the right answers; 0 where the answer is empty."""
    if not says_something(answer):
        return 0.0
    if answer == item.reference:
        return 1.0
    return max(likeness(reference, answer) for reference in (item.reference, *_further(item, also)))


def _further(item: Item, field: str) -> tuple[str, ...]:
    given = item.fields.get(field) if field else None
    found = (given,) if isinstance(given, str) else given if isinstance(given, (list, tuple)) else ()
    return tuple(one for one in found if isinstance(one, str) and says_something(one))
