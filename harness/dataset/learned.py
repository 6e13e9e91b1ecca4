"""Cut a conversation into the prompt and the assistant's turn that is the reference: it is trained on, and answers are
compared with it."""

from __future__ import annotations

from dataclasses import dataclass

from harness.dataset import turns
from harness.dataset.forms import Conversation
from harness.dataset.item import Message
from harness.dataset.reading import Reading


@dataclass(frozen=True, slots=True)
class Learned:
    """A conversation up to its reference, and the reference."""

    messages: tuple[Message, ...]
    reference: str
    answer: Message | None = None
    """The reference's turn, where it holds more than text; else None."""
    earlier: tuple[int, ...] = ()


def learned_of(spoken: Conversation, reading: Reading) -> Learned:
    """The conversation cut at the assistant's last turn that is learned. Later turns are dropped."""
    roles = [turn.message["role"] for turn in spoken.turns]
    if roles[-1] != turns.ASSISTANT:
        what = turns.unknown_role(roles[-1]) or f"its last turn is the {roles[-1]}'s"
        raise ValueError(f"{spoken.field} must end with the assistant's turn, which is the reference; {what}")
    wanted = [at for at, turn in enumerate(spoken.turns) if roles[at] == turns.ASSISTANT and turn.weight]
    if not wanted:
        raise ValueError(f"every assistant's turn of {spoken.field} has weight 0: nothing is left to learn or to judge")
    *earlier, last = wanted
    answer = spoken.turns[last].message
    try:
        reference = turns.text_of(answer)
    except ValueError as error:
        raise ValueError(f"the reference, turn {last} of {spoken.field}: {error}") from error
    if isinstance(answer.get("content"), list):
        answer = {**answer, "content": turns.text_of({"content": answer["content"]})}
    messages = tuple(turn.message for turn in spoken.turns[:last])
    whole = None if turns.is_plain(answer) else answer
    return Learned(messages, reference, whole, tuple(earlier) if reading.learn == "all" else ())
