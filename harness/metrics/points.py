"""Which of an item's points an answer says, and whether it tells one at all."""

from __future__ import annotations

from harness.dataset.item import Item
from harness.text.wordings import holds, says


def said(item: Item, answer: str) -> tuple[bool, ...]:
    """For each point, whether the answer says one of its wordings as the reference would."""
    return tuple(any(says(answer, wording, item.reference) for wording in point.wordings) for point in item.points)


def tells_one(item: Item, answer: str) -> bool:
    """Whether a wording of any point stands in the answer, even denied: naming it tells it."""
    return any(holds(answer, wording) for point in item.points for wording in point.wordings)
