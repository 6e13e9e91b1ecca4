"""A JSON Schema that JSON answers have in common, as a draft for whoever knows what they must be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

MOST_WORDS, TIMES, SHORT = 12, 4, 40
"""Different texts of a field that are taken for its closed set, how often each must stand there, and its characters."""
MOST_KEYS = 64
"""Different keys above which an object is a table of names, and not a record."""


def schema_of(values: Sequence[Any]) -> dict[str, Any]:
    """What all values fit; whatever stands in them once only is not made a rule."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **_shape(values)}


def _shape(values: Sequence[Any]) -> dict[str, Any]:
    kinds = sorted({_kind(value) for value in values})
    if kinds == ["integer", "number"]:
        kinds = ["number"]
    shape: dict[str, Any] = {"type": kinds[0] if len(kinds) == 1 else kinds} if kinds else {}
    objects = [value for value in values if isinstance(value, dict)]
    texts = [value for value in values if isinstance(value, str)]
    entries = [entry for value in values if isinstance(value, list) for entry in value]
    if objects:
        shape |= _object(objects)
    if entries:
        shape["items"] = _shape(entries)
    if texts and kinds == ["string"] and (words := _closed(texts)):
        shape["enum"] = words
    return shape


def _object(objects: Sequence[dict[str, Any]]) -> dict[str, Any]:
    keys = list(dict.fromkeys(key for value in objects for key in sorted(value)))
    if len(keys) > MOST_KEYS:
        return {}
    return {
        "required": sorted(key for key in keys if all(key in value for value in objects)),
        "properties": {key: _shape([value[key] for value in objects if key in value]) for key in sorted(keys)},
        "additionalProperties": False,
    }


def _closed(texts: Sequence[str]) -> list[str]:
    counts = Counter(texts)
    fits = 2 <= len(counts) <= MOST_WORDS and all(
        count >= TIMES and 0 < len(word) <= SHORT for word, count in counts.items()
    )
    return sorted(counts) if fits else []


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, float)):
        return "integer" if isinstance(value, int) else "number"
    return "string" if isinstance(value, str) else "array" if isinstance(value, list) else "object"
