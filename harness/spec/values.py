"""Kinds of values that keys of a release spec take, in the words of `annotated_types` and of the markers below.

A marker tells pydantic how a value is taken and what a JSON Schema says of it. pydantic is asked when a spec is read,
and is imported then.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, cast

from annotated_types import Ge, Gt, Le, Lt, MinLen

from harness.spec.data_place import HUB

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic_core import CoreSchema

T = TypeVar("T")

REPEATED = "repeated"
"""Type of pydantic's error for an entry of an array that stands there twice."""
NO_TYPE_OF = "no_type_of"
"""Type of pydantic's error for a value that has none of several types; its message lists their names."""


def changed(schema: CoreSchema, **settings: object) -> CoreSchema:
    """A schema of pydantic's with some of its settings set; which there are depends on its type."""
    cast("dict[str, object]", schema).update(settings)
    return schema


@dataclass(frozen=True, slots=True)
class Matching:
    """A text that a regular expression of Python matches from its beginning."""

    pattern: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic_core import core_schema

        return core_schema.str_schema(pattern=self.pattern, regex_engine="python-re", strict=True)


class Array:
    """An array of TOML, kept as an immutable value."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return changed(handler(source), strict=False)


class Unique:
    """An array in which nothing stands twice."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic_core import PydanticCustomError, core_schema

        def once(value: tuple[Any, ...]) -> tuple[Any, ...]:
            if len(set(value)) < len(value):
                raise PydanticCustomError(REPEATED, "repeated")
            return value

        return core_schema.no_info_after_validator_function(once, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {**handler(schema), "uniqueItems": True}


class Pairs:
    """A table kept as sorted pairs, which are hashable: results are remembered by their settings."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic_core import core_schema

        key, value = source.__args__[0].__args__
        table = core_schema.dict_schema(handler.generate_schema(key), handler.generate_schema(value))
        return core_schema.no_info_after_validator_function(lambda given: tuple(sorted(given.items())), table)


class Place:
    """A file or folder. A relative path starts at the spec's folder, which is the context of the validation."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic_core import core_schema

        def below(value: str, info: core_schema.ValidationInfo[Any]) -> Path:
            return Path(info.context, value)

        return core_schema.with_info_after_validator_function(below, core_schema.str_schema(strict=True))


class DataPlace(Place):
    """As `Place`, but for the name of an ``hf:`` data set, which is no path."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic_core import core_schema

        def below(value: str, info: core_schema.ValidationInfo[Any]) -> Path:
            return Path(value) if value.startswith(HUB) else Path(info.context, value)

        return core_schema.with_info_after_validator_function(below, core_schema.str_schema(strict=True))


@dataclass(frozen=True, slots=True)
class OneOf:
    """A value of any of the types that a union names."""

    names: str
    """As an error lists them."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return changed(handler(source), custom_error_type=NO_TYPE_OF, custom_error_message=self.names)


NAME = r"^[a-z0-9]+(-[a-z0-9]+)*(?!\n)$"

Name = Annotated[str, Matching(NAME)]
"""Of a task, an adapter, an experiment or a release: lower case, digits and hyphens."""
Text = Annotated[str, MinLen(1)]
"""A text that says something."""
File = Annotated[Path, Place()]
DataFile = Annotated[Path, DataPlace()]
"""The records of a split (`harness.spec.data_place`)."""
Listed = Annotated[tuple[T, ...], Array()]
Chosen = Annotated[frozenset[T], Array()]
Count = Annotated[int, Ge(1)]
"""A number of things, one at least."""
Share = Annotated[float, Ge(0), Le(1)]
"""From none to all; never percent."""
Positive = Annotated[float, Gt(0)]
Margin = Annotated[float, Gt(0), Lt(1)]
