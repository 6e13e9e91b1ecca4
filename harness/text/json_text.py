"""Parse a text as one JSON value, as strictly as programs that read an answer do."""

from __future__ import annotations

import json
import math
import re
from functools import lru_cache
from typing import Any

from harness.text.pattern import later

_FENCE = later(r"\A```[a-zA-Z0-9]*[ \t]*\n(.*?)\n?```\Z", re.DOTALL)
MAX_CHARACTERS = 1_000_000
"""Most characters of a text that is parsed: no answer of a model is longer."""


class Nothing:
    """Type of `NOTHING`, which stands for a text that is no JSON: every JSON value, null included, is a possible
    result."""


NOTHING = Nothing()


@lru_cache(maxsize=1024)
def parsed(text: str) -> Any:
    """The JSON value, or `NOTHING` where the whole text is not one. A repeated key, NaN and a lone surrogate are
    refused."""
    if len(text) > MAX_CHARACTERS:
        return NOTHING
    try:
        value = json.loads(text, object_pairs_hook=_once, parse_constant=_refused)
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError):
        return NOTHING
    return value


def unfenced(text: str) -> str:
    """The content of the code fence that the whole text consists of; the text itself where there is none."""
    found = _FENCE.match(text.strip())
    return found[1] if found else text


def equal(one: Any, other: Any) -> bool:
    """Whether two values are the same JSON: 1 is 1.0, and neither is true."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, (int, float)) and isinstance(other, (int, float)):
        return one == other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(equal(value, other[key]) for key, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(equal, one, other))
    return type(one) is type(other) and bool(one == other)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    if any(isinstance(value, float) and not math.isfinite(value) for value in found.values()):
        raise ValueError("a number is not finite")
    return found


def _refused(name: str) -> float:
    raise ValueError(f"{name} is no JSON")
