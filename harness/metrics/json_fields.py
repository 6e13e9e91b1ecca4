"""JSON fields: the share of fields that answer and reference have alike; a field too many counts as one wrong.

A field is a path to a value that is no object; a list is one value. Texts are compared as they stand but for the white
space around them and the Unicode form, numbers by their value.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from harness.dataset.item import Item
from harness.metrics.json_parses import Fence, value_of
from harness.metrics.metric import Forms, Metric
from harness.metrics.references import has_one
from harness.spec.values import Listed
from harness.text.json_text import NOTHING, equal

NAME = "json-fields"


@dataclass(frozen=True, kw_only=True)
class Fields(Fence):
    """Which fields are compared."""

    fields: Listed[str] = ()
    """Top-level fields that are compared; all where none are named."""


def alike(wanted: Any, given: Any) -> float:
    """Equal fields over all fields of either object; 1.0 for two empty objects."""
    left, right = dict(_leaves(wanted)), dict(_leaves(given))
    paths = left.keys() | right.keys()
    same = sum(path in left and path in right and equal(left[path], right[path]) for path in paths)
    return same / len(paths) if paths else float(equal(wanted, given))


def _leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(value, dict) and (value or path == ()):
        for key, inner in value.items():
            yield from _leaves(inner, (*path, key))
    else:
        yield path, _plain(value)


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value).strip()
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    return value


def fields(item: Item, answer: str, forms: Forms) -> float:
    declared = forms.of(NAME, Fields)
    wanted, given = value_of(item.reference, declared.fenced), value_of(answer, declared.fenced)
    if wanted is NOTHING or given is NOTHING:
        return 0.0
    if declared.fields:
        if not isinstance(wanted, dict) or not isinstance(given, dict):
            return 0.0
        right = [
            name in wanted and name in given and alike(wanted[name], given[name]) == 1.0 for name in declared.fields
        ]
        absent = [name not in wanted and name not in given for name in declared.fields]
        return sum(map(max, right, absent)) / len(declared.fields)
    return alike(wanted, given)


METRIC = Metric(NAME, "mean", has_one, fields, settings=Fields)
