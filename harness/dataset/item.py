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
    """Text of the reference answer: its content, and each tool call as a JSON object between ``tool_call`` tags."""
    points: tuple[Point, ...]
    line: int
    fields: Mapping[str, Any] = field(default_factory=dict)
    """The record with reserved names as keys (a task may name its columns otherwise); null values are left out."""
    asked: tuple[str, ...] = ()
    """Fields of the record that the prompt was made of; () where the record brought the prompt as turns."""
    must_refuse: bool = False
    """Whether a refusal is wanted: the task declares which kinds (`harness.dataset.declared`)."""
    look_alike: bool = False
    """Whether it looks like something to refuse, and must be answered."""
    declares: frozenset[str] = DECLARABLE
    """Those of `DECLARABLE` that the item's task declares. A metric that needs another one does not judge the item."""
    tools: tuple[Mapping[str, Any], ...] = ()
    """What the model may call, as chat templates take it: a JSON Schema a function."""
    answer: Message | None = None
    """The assistant's turn that is the reference, where it holds more than text (tool calls, reasoning); else None."""
    earlier: tuple[int, ...] = ()
    """Indices in `messages` of earlier assistant turns that are trained on, too."""
    written: Mapping[str, Any] = field(default_factory=dict)
    """Values of the prompt's fields under the record's own column names, where these differ from `fields`."""

    @property
    def answer_turn(self) -> Message:
        """The reference as an assistant's turn."""
        return {"role": "assistant", "content": self.reference} if self.answer is None else self.answer
