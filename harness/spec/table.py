"""What every table of a release spec is: a frozen dataclass whose fields are its keys, each declared once.

A field says a key's name, type and range (`harness.spec.values`) and its default; the text below the field is its
description, which editors show (`harness.spec.schema`). pydantic holds a file to the fields when one is read
(`harness.spec.load`). The objects themselves stay plain dataclasses: `dataclasses.replace` and `asdict` work on them,
and importing them does not import pydantic, which takes a tenth of a second.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import TYPE_CHECKING, Any, ClassVar

from harness.spec.values import changed

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema


class Table:
    """Base of every table. An unknown key is refused, and no value is taken for one of another type."""

    __slots__ = ()

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid", "strict": True}

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """pydantic's schema for the class, changed to accept a table as TOML gives it: `strict` is meant for the
        values, and would demand an instance of the class."""
        schema = handler(source)
        changed(handler.resolve_ref_schema(schema), strict=False)
        return schema


def said(table: type[Any], given: Mapping[str, Any], key: str) -> Any:
    """The value of `key` in a table as TOML gives it, such as an earlier release's, or what holds where it is absent.

    Returns:
        None for an absent key without a default.
    """
    if key in given:
        return given[key]
    field = next(one for one in fields(table) if one.name == key)
    if field.default_factory is not MISSING:
        return field.default_factory()
    return None if field.default is MISSING else field.default


def columns(table: Table) -> dict[str, Any]:
    """Key -> value, as they stand: nothing inside is turned into something else, as `dataclasses.asdict` would."""
    return {field.name: getattr(table, field.name) for field in fields(table)}  # type: ignore[arg-type]
