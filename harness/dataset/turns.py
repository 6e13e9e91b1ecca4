"""One turn of a conversation, converted into what chat templates take, or refused with a message.

Chat templates take ``role``, ``content`` (a text, or parts) and, of an assistant, ``tool_calls`` whose arguments are
objects. Other keys are passed on to the template. Only `weight` is taken out: it says whether the turn is learned.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.dataset.findings import quote
from harness.dataset.item import Message
from harness.spec import nearest

ASSISTANT = "assistant"

ROLES = ("system", "developer", "user", ASSISTANT, "tool", "function", "ipython", "observation")
"""Roles that chat templates of common model families know."""

OPENING = ("system", "developer")
"""Roles of the turn that opens a conversation with instructions."""

OTHER_NAMES = {
    "human": "user", "prompter": "user", "customer": "user", "question": "user", "gpt": ASSISTANT, "chatgpt": ASSISTANT,
    "bing": ASSISTANT, "bard": ASSISTANT, "claude": ASSISTANT, "model": ASSISTANT, "bot": ASSISTANT, "ai": ASSISTANT,
    "answer": ASSISTANT, "function_call": ASSISTANT, "function_response": "tool", "tool_response": "tool",
}  # fmt: skip
"""Role as other data sets name it -> role as it is named here. Used for ``from``, the key of ShareGPT; a role under
``role`` goes to the chat template unchanged."""

KEYS = frozenset({"role", "content", "tool_calls", "tool_call_id", "name", "reasoning_content", "weight"})
"""Keys of a turn whose meaning is known. For any other key the report says that only the chat template reads it."""


@dataclass(frozen=True, slots=True)
class Turn:
    message: Message
    weight: int = 1
    """0 where an assistant's turn is not to be learned."""


def turns_of(field: str, value: object) -> list[Turn]:
    """The turns of one field of a record.

    Raises:
        ValueError: naming the turn and what is wrong with it.
    """
    if not isinstance(value, list) or not value:
        raise ValueError(f"{field} is no list of turns, got {quote(value, 40)}")
    return [turn_of(f"{field}[{number}]", entry) for number, entry in enumerate(value)]


def turn_of(place: str, written: object) -> Turn:
    """One turn.

    Raises:
        ValueError: as `turns_of`.
    """
    if isinstance(written, Mapping) and "role" not in written and isinstance(written.get("from"), str):
        written = _of_sharegpt(place, written)
    if not isinstance(written, Mapping) or not isinstance(written.get("role"), str):
        raise ValueError(f"{place} is no turn; an object with role and content is expected")
    message = {key: value for key, value in written.items() if value is not None or key == "content"}
    weight = _weight(place, message.pop("weight", 1), message["role"])
    if "function_call" in message and "tool_calls" not in message:
        message["tool_calls"] = [{"type": "function", "function": message.pop("function_call")}]
    if "tool_calls" in message:
        message["tool_calls"] = _calls(f"{place}.tool_calls", message["tool_calls"])
        if not message["tool_calls"]:
            del message["tool_calls"]
    content = message.get("content")
    if content is None and "tool_calls" not in message:
        raise ValueError(f"{place} ({message['role']}) has no content and no tool_calls; write what it says")
    if not isinstance(content, (str, list, type(None))):
        raise ValueError(f"{place}.content is no text, got {type(content).__name__}")
    if not isinstance(message.get("reasoning_content", ""), str):
        raise ValueError(f"{place}.reasoning_content is no text, got {type(message['reasoning_content']).__name__}")
    return Turn(message, weight)


def unknown_role(role: str) -> str:
    """What is wrong with a role, and the mend; "" where chat templates know it."""
    if role in ROLES:
        return ""
    meant = OTHER_NAMES.get(role.lower()) or (role.lower() if role.lower() in ROLES else nearest.closest(role, ROLES))
    mend = f"write {meant!r}" if meant else f"roles are {', '.join(ROLES)}"
    return f"the role {quote(role)} is none that chat templates know; {mend}"


def tools_of(value: object) -> tuple[Mapping[str, Any], ...]:
    """A record's tools: a list of objects, or the same as JSON in a text, as some exports have it.

    Raises:
        ValueError: it is neither.
    """
    try:
        listed = json.loads(value) if isinstance(value, str) and value.strip() else value or None
    except json.JSONDecodeError as error:
        raise ValueError(f"tools is a text, and no JSON: {error}") from error
    if listed is None:
        return ()
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise ValueError(f"tools is no list of objects, got {quote(value, 40)}")
    return tuple(listed)


def text_of(message: Message) -> str:
    """What an assistant's turn says as one text: its content, and each call as JSON between ``tool_call`` tags.

    Raises:
        ValueError: its content has parts that are no text.
    """
    content = message.get("content")
    if isinstance(content, list):
        if not all(isinstance(part, Mapping) and isinstance(part.get("text"), str) for part in content):
            raise ValueError("content has parts that are no text; only text is learned and judged")
        content = "".join(part["text"] for part in content)
    said = [content] if content else []
    for call in message.get("tool_calls", ()):
        inner = call.get("function", call)
        body = json.dumps({"name": inner["name"], "arguments": inner.get("arguments", {})}, ensure_ascii=False)
        said.append(f"<tool_call>\n{body}\n</tool_call>")
    return "\n".join(said)


def is_plain(message: Message) -> bool:
    """Whether a turn has nothing but text."""
    return message.keys() == {"role", "content"} and isinstance(message["content"], str)


def called(messages: Sequence[Message], tools: Sequence[Mapping[str, Any]] = ()) -> list[str]:
    """Names of the tools that are offered, and of those that the turns call."""
    inner = [*tools, *(call for message in messages for call in message.get("tool_calls", ()))]
    found = (one.get("function", one) for one in inner)
    return [one["name"] for one in found if isinstance(one, Mapping) and isinstance(one.get("name"), str)]


def _of_sharegpt(place: str, written: Mapping[str, Any]) -> dict[str, Any]:
    """A turn of ShareGPT, ``{"from": ..., "value": ...}``; what else it holds goes through."""
    said = written["from"].lower()
    role = OTHER_NAMES.get(said, said)
    if role not in ROLES:
        known = ", ".join([*ROLES, *OTHER_NAMES])
        raise ValueError(f"{place}.from is {quote(written['from'])}, which is no role; known: {known}")
    rest = {key: value for key, value in written.items() if key not in ("from", "value")}
    if said != "function_call":
        return {**rest, "role": "tool" if role == "observation" else role, "content": written.get("value")}
    try:
        made = json.loads(written.get("value") or "")
    except (TypeError, json.JSONDecodeError) as error:
        raise ValueError(f"{place}.value is a function_call, and no JSON: {error}") from error
    listed = made if isinstance(made, list) else [made]
    return {
        **rest,
        "role": role,
        "content": None,
        "tool_calls": [{"type": "function", "function": one} for one in listed],
    }


def _weight(place: str, weight: object, role: str) -> int:
    if weight not in (0, 1):
        raise ValueError(f"{place}.weight is {quote(weight)}; 0 (not learned) or 1 is expected")
    if weight == 0 and role != ASSISTANT:
        return 1  # nobody learns what a user says
    return int(weight == 1)


def _calls(place: str, written: object) -> list[Any]:
    if not isinstance(written, list):
        raise ValueError(f"{place} is no list, got {type(written).__name__}")
    return [_call(f"{place}[{number}]", entry) for number, entry in enumerate(written)]


def _call(place: str, written: object) -> dict[str, Any]:
    """A tool call whose arguments are an object. A text of JSON is parsed, since a template would quote it once
    more."""
    inner = written.get("function", written) if isinstance(written, Mapping) else None
    if not isinstance(inner, Mapping) or not isinstance(inner.get("name"), str):
        raise ValueError(f"{place} is no call; an object with a function's name and arguments is expected")
    arguments = inner.get("arguments", {})
    if isinstance(arguments, str):
        try:
            arguments = json.loads(arguments or "{}")
        except json.JSONDecodeError as error:
            raise ValueError(f"{place}.arguments is a text, and no JSON: {error}") from error
    made = {**inner, "arguments": arguments}
    assert isinstance(written, Mapping), written
    return {**written, "function": made} if "function" in written else made
