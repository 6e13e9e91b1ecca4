"""An item: what is asked, what a right answer must hold, and the reference answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Message = Mapping[str, Any]
"""``{"role": ..., "content": ...}``, as chat templates take it; ``tool_calls`` and the like go through."""


DECLARABLE = frozenset({"answer_form", "refuse"})
"""Keys of a task that some metrics cannot do without, whatever the item."""


@dataclass(frozen=True, slots=True)
class Point:
    """One thing that an answer must say; any of `wordings` says it."""

    wordings: tuple[str, ...]
    source: str = ""
    """Id of the note that carries it, or "" where the task has no notes."""


@dataclass(frozen=True, slots=True)
class Item:
    """One question with all that is needed to judge an answer to it."""

    id: str
    task: str
    kind: str
    topic: str
    """The cluster that the item belongs to: items of one topic are not independent."""
    messages: tuple[Message, ...]
    """The prompt's turns; the model's answer comes next."""
    reference: str
    """Its text: what the answer says, and each call as a JSON object between ``tool_call`` tags."""
    points: tuple[Point, ...]
    line: int
    fields: Mapping[str, Any] = field(default_factory=dict)
    """The record under the names that its task gives its columns, without what is null."""
    asked: tuple[str, ...] = ()
    """Fields of the record that its prompt is made of; () where the prompt was written as turns."""
    must_refuse: bool = False
    """Whether a refusal is wanted: the task declares which kinds (`harness.dataset.declared`)."""
    look_alike: bool = False
    """Whether it looks like something to refuse, and must be answered."""
    declares: frozenset[str] = DECLARABLE
    """Those of `DECLARABLE` that its task has: what is not declared is judged by no metric."""
    tools: tuple[Mapping[str, Any], ...] = ()
    """What the model may call, as chat templates take it: a JSON Schema a function."""
    answer: Message | None = None
    """The turn that is the reference, where it is more than its text: it calls tools, or reasons."""
    earlier: tuple[int, ...] = ()
    """Numbers of the turns among `messages` that are learned too."""
    written: Mapping[str, Any] = field(default_factory=dict)
    """What the prompt's fields hold, where the record has them under other names than `fields`."""

    @property
    def answer_turn(self) -> Message:
        """The reference as a turn."""
        return {"role": "assistant", "content": self.reference} if self.answer is None else self.answer
