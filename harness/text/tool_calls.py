"""Read the tool calls in a text, in the ways in which chat templates write them.

Hermes and Qwen ``<tool_call>{...}</tool_call>``, Mistral ``[TOOL_CALLS][...]``, Llama ``<|python_tag|>{...}`` and
``[name(key="value")]``, OpenAI's list of ``tool_calls``, or a bare object or list of them.
"""

from __future__ import annotations

import ast
import json
import re
import warnings
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from harness.text.json_text import NOTHING, equal, parsed, unfenced
from harness.text.pattern import later

_TAGGED = later(r"<(tool_call|function_call|functioncall|tool)>\s*(.*?)\s*(?:</\1>|\Z)", re.DOTALL | re.IGNORECASE)
_XML = later(r"<function=([\w.\-]+)>\s*(.*?)\s*</function>", re.DOTALL)
_PARAMETER = later(r"<parameter=([\w.\-]+)>\n?(.*?)\n?</parameter>", re.DOTALL)
_MARK = later(r"\[TOOL_CALLS\]|<\|python_tag\|>|<\|tool_calls?(?:_section)?(?:_begin)?\|>")
_END = later(r"<\|(?:eom_id|eot_id|im_end|end|tool_calls?(?:_section)?_end)\|>|</s>")


@dataclass(frozen=True, slots=True)
class Call:
    """One call: the tool's name and its arguments."""

    name: str
    arguments: Any

    def same(self, other: Call) -> bool:
        return self.name == other.name and equal(self.arguments, other.arguments)


@lru_cache(maxsize=1024)
def calls(text: str) -> tuple[Call, ...] | None:
    """The calls in order; () for a text without any, None where something is marked as a call and cannot be read."""
    plain = _END.sub("", text).strip()
    if _XML.search(plain):
        return tuple(_of_xml(name, body) for name, body in _XML.findall(plain))
    tagged = [found[2] for found in _TAGGED.finditer(plain)]
    if tagged:
        return _all(tagged)
    if _MARK.search(plain):
        return _all([part for part in (one.strip() for one in _MARK.split(plain)[1:]) if part])
    return _of_value(parsed(unfenced(plain))) or _pythonic(plain) or ()


def _all(bodies: list[str]) -> tuple[Call, ...] | None:
    found: list[Call] = []
    for body in bodies:
        made = _of_value(parsed(unfenced(body))) or _pythonic(body)
        if not made:
            return None
        found += made
    return tuple(found) if found else None


def _of_value(value: Any) -> tuple[Call, ...] | None:
    if isinstance(value, list):
        found = [_of_value(one) for one in value]
        return tuple(call for one in found if one for call in one) if found and all(found) else None
    if not isinstance(value, dict):
        return None
    if isinstance(value.get("tool_calls"), list):
        return _of_value(value["tool_calls"])
    inner = value.get("function")
    if isinstance(inner, dict):
        value = inner
    name = value.get("name", inner if isinstance(inner, str) else None)
    key = next((key for key in ("arguments", "parameters", "args") if key in value), "")
    arguments = value[key] if key else None
    if not isinstance(name, str) or not name or not key:
        return None
    if isinstance(arguments, str):  # OpenAI's form: JSON inside of a text
        arguments = parsed(arguments) if arguments.strip() else {}
    return None if arguments is NOTHING else (Call(name, {} if arguments is None else arguments),)


def _of_xml(name: str, body: str) -> Call:
    """A call in the form of Qwen's coder models: each value is JSON where it parses, else a text."""
    given = {key: parsed(value) for key, value in _PARAMETER.findall(body)}
    texts = dict(_PARAMETER.findall(body))
    return Call(name, {key: texts[key] if value is NOTHING else value for key, value in given.items()})


def _pythonic(text: str) -> tuple[Call, ...] | None:
    """``[name(key="value"), ...]`` or one such call: nothing is evaluated, and only literals are values."""
    if not text.endswith((")", ")]")) or len(text) > 100_000:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the parser, on what is no Python at all
            body = ast.parse(text, mode="eval").body
        nodes = body.elts if isinstance(body, ast.List) else [body]
        found = tuple(_of_node(node) for node in nodes)
        json.dumps([call.arguments for call in found])
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError):
        return None
    return found


def _of_node(node: ast.expr) -> Call:
    if not isinstance(node, ast.Call) or node.args or any(word.arg is None for word in node.keywords):
        raise ValueError("no call with named arguments")
    arguments = {str(word.arg): ast.literal_eval(word.value) for word in node.keywords}
    return Call(ast.unparse(node.func), arguments)
