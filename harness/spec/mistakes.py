"""Word the mistakes in the shape of a spec: keys that are unknown or missing, values of a wrong type or range.

pydantic finds the mistakes (`harness.spec.file` says what it looks for); the sentences, keys and mends are made here.
"""

from __future__ import annotations

import re
import types
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from harness.spec import nearest
from harness.spec.file import SpecFile
from harness.spec.values import NO_TYPE_OF, REPEATED

if TYPE_CHECKING:
    from pydantic import TypeAdapter
    from pydantic_core import ErrorDetails

T = TypeVar("T")

Place = tuple[str | int, ...]
"""Keys and indices from the top of the file."""

_KEY = "[key]"
"""Last part of pydantic's place where the name of an entry is wrong, and not its value."""
_TYPES = {
    "int_type": "integer", "float_type": "number", "string_type": "string", "bool_type": "boolean",
    "dict_type": "object", "mapping_type": "object", "dataclass_type": "object", "tuple_type": "array",
    "frozen_set_type": "array", "int_parsing_size": "integer",
}  # fmt: skip
_BOUNDS = {
    "greater_than": ("gt", "less than or equal to the minimum of"),
    "greater_than_equal": ("ge", "less than the minimum of"),
    "less_than": ("lt", "greater than or equal to the maximum of"),
    "less_than_equal": ("le", "greater than the maximum of"),
}
_LONGEST = 80


class Mistake(NamedTuple):
    """One mistake: its place and what is wrong."""

    place: Place
    problem: str


def parse(table: Mapping[str, Any], here: Path) -> tuple[SpecFile | None, tuple[Mistake, ...]]:
    """The tables of a spec as objects, or else everything that is wrong in their shape.

    Args:
        table: as TOML gives it.
        here: folder that relative paths start at.
    """
    return parse_as(SpecFile, table, here)


def parse_as(kind: type[T], table: Mapping[str, Any], here: Path) -> tuple[T | None, tuple[Mistake, ...]]:
    """`parse` for a file of any shape that is declared like a spec's, as a class of `harness.spec.table`."""
    from pydantic import ValidationError

    try:
        return _adapter(cast("Hashable", kind)).validate_python(table, context=here), ()
    except ValidationError as error:
        return None, tuple(_mistakes(kind, error.errors(include_url=False)))


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    """pydantic's validator for a kind of file, made once a process; for a spec that takes some forty milliseconds."""
    from pydantic import TypeAdapter

    return TypeAdapter(kind)


def _short(value: object) -> str:
    """A value, shortened for a message."""
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def _mistakes(kind: type[Any], errors: list[ErrorDetails]) -> Iterator[Mistake]:
    absent = {error["loc"] for error in errors if error["type"] == "missing"}
    meant = {(*error["loc"][:-1], _meant(kind, error["loc"])) for error in errors if _unknown(error)}
    for error in errors:
        place: Place = error["loc"]
        if _unknown(error):
            yield Mistake(place, f"unknown key; {nearest.mend(str(place[-1]), _keys(kind, place[:-1]))}")
        elif place in absent:
            if place not in meant:  # a key that is only written wrong is told once
                yield Mistake(place, "missing, and it has no default; add it")
        elif place[-1:] == (_KEY,):
            yield Mistake(place[:-1], _of_a_name(error))
        else:
            yield Mistake(place, _sentence(error))


def _unknown(error: ErrorDetails) -> bool:
    return error["type"] == "unexpected_keyword_argument"


def _meant(kind: type[Any], place: Place) -> str | None:
    """The known key that an unknown one is closest to."""
    return nearest.closest(str(place[-1]), _keys(kind, place[:-1]))


def _of_a_name(error: ErrorDetails) -> str:
    """What is wrong in the name of an entry, which is one of a few or of some form."""
    if error["type"] == "literal_error":
        return f"unknown key; {nearest.mend(str(error['input']), _allowed(error))}"
    return _sentence(error)


def _allowed(error: ErrorDetails) -> list[str]:
    """The texts that a key takes, as pydantic lists them."""
    return re.findall(r"'([^']*)'", error["ctx"]["expected"])


def _sentence(error: ErrorDetails) -> str:
    kind, value, context = error["type"], error["input"], error.get("ctx", {})
    said = _short(value)
    if kind in _BOUNDS:
        name, words = _BOUNDS[kind]
        return f"{said} is {words} {context[name]:g}"
    if kind in _TYPES:
        return f"{said} is not of type {_TYPES[kind]!r}{_unquoted(value, _TYPES[kind])}"
    if kind == NO_TYPE_OF:
        return f"{said} is not of type {error['msg']}"
    if kind == "literal_error":
        known = _allowed(error)
        near = nearest.closest(value, known) if isinstance(value, str) else None
        return f"{said} is not one of {known}" + (f"; did you mean {near!r}?" if near else "")
    if kind == "string_pattern_mismatch":
        return f"{said} does not match {context['pattern']!r}"
    if kind in ("too_short", "string_too_short"):
        return f"{said} should be non-empty"
    if kind == REPEATED:
        return f"{said} has non-unique elements"
    return f"{error['msg']} (got {said})"


def _unquoted(value: object, wanted: str) -> str:
    """The mend for a number or a boolean that stands in quotes."""
    if not isinstance(value, str):
        return ""
    plain = {"boolean": r"true|false", "integer": r"-?\d+", "number": r"-?\d+(\.\d+)?(e-?\d+)?"}.get(wanted)
    return "; write it without quotes" if plain and re.fullmatch(plain, value) else ""


def _keys(kind: Any, place: Place) -> tuple[str, ...]:
    """The keys that the table at a place of a file of that kind can have."""
    for part in place:
        kind = _plain(get_type_hints(kind)[str(part)] if is_dataclass(kind) else get_args(kind)[-1])
    return tuple(field.name for field in fields(kind)) if is_dataclass(kind) else ()


def _plain(kind: Any) -> Any:
    """A type without its None; for an array, the type of its entries."""
    if get_origin(kind) in (Union, types.UnionType):
        return next(one for one in get_args(kind) if one is not type(None))
    if get_origin(kind) is tuple:
        return tuple[get_args(kind)[0]]  # type: ignore[misc]
    return kind
