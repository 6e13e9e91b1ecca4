"""Find which of an item's points an answer says, and whether it tells one at all."""

from __future__ import annotations

from harness.dataset.item import Item
from harness.dataset.line import texts
from harness.text.answer import answer_of, standing
from harness.text.repeated import own_words
from harness.text.wordings import holds, says


def stated(item: Item, answer: str) -> str:
    """The answer's own text: without thinking, struck-out text, repetitions of the question and lists of all its
    options. A repetition that the reference makes as well is wanted, and stays."""
    text = standing(answer_of(answer))
    for prompt in prompts(item):
        if text and own_words(item.reference, prompt) == item.reference:
            text = own_words(text, prompt)
    return text


def prompts(item: Item) -> list[str]:
    """The text of each turn of the user that has any."""
    turns = (texts(turn.get("content")) for turn in item.messages if turn.get("role") == "user")
    found = ("\n".join(part for place, part in turn if not place.endswith("(key)")) for turn in turns)
    return [prompt for prompt in found if prompt]


def said(item: Item, answer: str) -> tuple[bool, ...]:
    """For each point, whether the answer says one of its wordings as the reference would."""
    text = stated(item, answer)
    return tuple(any(says(text, wording, item.reference) for wording in point.wordings) for point in item.points)


def tells_one(item: Item, answer: str) -> bool:
    """Whether a wording of any point stands in the answer, even denied or struck out: naming it tells it."""
    text = answer_of(answer)
    return any(holds(text, wording) for point in item.points for wording in point.wordings)
