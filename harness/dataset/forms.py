"""The forms of records (task, ``messages``, ShareGPT, Alpaca, prompt and completion): which one a record has, by its
keys, and which conversation it holds.

A task's own record has no turns: a template makes its prompt, and ``reference`` is its answer. ``messages`` are turns
as OpenAI and chat templates have them. Preference pairs are recognised and refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from harness.dataset.turns import KEYS, OPENING, Turn, tools_of, turns_of

Record = Mapping[str, Any]

TASK = "a template's records"
MESSAGES = "OpenAI messages"
SHAREGPT = "ShareGPT (conversations)"
ALPACA = "Alpaca (instruction, input, output)"
PROMPT = "prompt with completion"
PREFERENCE = "preference pairs (DPO: chosen, rejected)"
UNPAIRED = "unpaired preferences (KTO: prompt, completion, label)"

_MAY_BE_EMPTY: Mapping[str, frozenset[str]] = {
    ALPACA: frozenset({"input", "system"}),
    SHAREGPT: frozenset({"system", "tools"}),
    MESSAGES: frozenset({"system", "tools"}),
    PROMPT: frozenset({"system", "tools"}),
}
"""Form -> keys for which an empty text means that there is none."""

_INSIDE = re.compile(r"(tools\b|.*\.(tool_calls\b|reasoning_content$))")
"""Fields that may be empty inside: a call without arguments, a tool without a description."""

_CONTENT = re.compile(r"(messages|conversations|prompt|completion)\[(\d+)\]\.(content|value)")

_REFUSED = {
    PREFERENCE: (
        "a preference pair (chosen, rejected): greenrun trains on answers and judges them, it does no DPO and compares "
        "no pairs; to learn the chosen ones, map them: [tasks.{task}.columns] {mend}"
    ),
    UNPAIRED: (
        "a rated answer (prompt, completion, label): greenrun would learn those with label false as well; keep "
        "those with label true, without the label; or, if it means something else: [tasks.{task}.columns] label = \"\""
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Conversation:
    """The turns of a record. The last assistant turn that is learned is the reference."""

    field: str
    """The key that it came from, as messages name it."""
    turns: tuple[Turn, ...]
    tools: tuple[Mapping[str, Any], ...] = ()


def form_of(record: Record) -> str:
    """The form of a record whose keys have their reserved names and whose absent values are left out."""
    if "messages" in record:
        return MESSAGES
    if "conversations" in record:
        return SHAREGPT
    if "chosen" in record and "rejected" in record and not ("completion" in record or "reference" in record):
        return PREFERENCE
    if "reference" in record:
        return TASK
    if "prompt" in record and "completion" in record:
        return UNPAIRED if isinstance(record.get("label"), bool) else PROMPT
    if "instruction" in record and "output" in record:
        return ALPACA
    return TASK


def refused(form: str, record: Record, task: str) -> str:
    """Why records of this form are not read, with the mend; "" where they are."""
    mend = 'messages = "chosen"' if isinstance(record.get("chosen"), list) else 'completion = "chosen"'
    return _REFUSED[form].format(task=task, mend=mend) if form in _REFUSED else ""


def conversation(form: str, record: Record, render: Callable[[], str] | None) -> Conversation:
    """The turns of a record.

    Args:
        form: not `TASK`, and none that is `refused`.
        render: makes the user's turn of an Alpaca record by the task's template; None where that names others' keys.

    Raises:
        ValueError: a key has the wrong shape.
        KeyError: one is missing.
    """
    if form == MESSAGES:
        found = Conversation("messages", tuple(turns_of("messages", record["messages"])))
    elif form == SHAREGPT:
        found = Conversation("conversations", tuple(turns_of("conversations", record["conversations"])))
    elif form == PROMPT:
        asking, answer = (
            _turns("prompt", record["prompt"], "user"),
            _turns("completion", record["completion"], "assistant"),
        )
        found = Conversation("completion", (*asking, *answer))
    else:
        found = Conversation("output", tuple(_alpaca(record, render)))
    said = record.get("system")
    if isinstance(said, str) and said.strip() and found.turns[0].message["role"] not in OPENING:
        found = Conversation(found.field, (_turn("system", said), *found.turns))
    return Conversation(found.field, found.turns, tools_of(record.get("tools")))


def may_be_empty(form: str, record: Record, field: str) -> bool:
    """Whether an empty text in this field, under its reserved name, is how the form says that there is nothing."""
    if field in _MAY_BE_EMPTY.get(form, ()) or (form != TASK and _INSIDE.match(field)):
        return True
    found = _CONTENT.fullmatch(field)
    turn = record[found[1]][int(found[2])] if found and isinstance(record.get(found[1]), list) else {}
    return bool(turn.get("tool_calls") or turn.get("function_call") or turn.get("role") in ("tool", "function"))


def keys_seen(record: Record) -> Iterator[str]:
    """Keys of a record's turns that only a chat template may know."""
    for field in ("messages", "conversations", "prompt", "completion"):
        turns = record.get(field)
        for turn in turns if isinstance(turns, list) else ():
            if isinstance(turn, dict) and not turn.keys() <= KEYS:
                yield from turn.keys() - KEYS - ({"from", "value"} if "from" in turn else set())


def _turns(field: str, value: object, role: str) -> list[Turn]:
    return [_turn(role, value)] if isinstance(value, str) else turns_of(field, value)


def _alpaca(record: Record, render: Callable[[], str] | None) -> Iterator[Turn]:
    """Instruction, blank line, input: the order of the original; ``history`` holds earlier pairs."""
    history = record.get("history") or []
    if not isinstance(history, list) or not all(isinstance(pair, list) and len(pair) == 2 for pair in history):
        raise ValueError("history is no list of pairs of question and answer")
    for number, pair in enumerate(history):
        for role, said in zip(("user", "assistant"), pair, strict=True):
            yield _turn(role, _said(f"history[{number}]", said))
    if render is not None:
        yield _turn("user", render())
    else:
        parts = [_said(key, record.get(key, "")) for key in ("instruction", "input")]
        yield _turn("user", "\n\n".join(part for part in parts if part.strip()))
    yield _turn("assistant", _said("output", record["output"]))


def _said(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{name} is no text, got {type(value).__name__}")
    return value


def _turn(role: str, said: str) -> Turn:
    return Turn({"role": role, "content": said})
