"""The JSON Schema of a release spec, made of its tables: ``python -m harness.spec.schema`` writes the file for editors.

Nothing of the project reads that file. A spec is held to the tables themselves.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from harness.project import ROOT
from harness.spec.file import SpecFile
from harness.spec.table import Table

PLACE = ROOT / "harness" / "schemas" / "release.schema.json"


class _ForEditors(GenerateJsonSchema):
    """pydantic's generator of JSON Schemas, changed for TOML: it has no null, and a key that must be absent is an error
    wherever it stands."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        """The schema of a table with a pattern for its keys, so that other keys are refused; pydantic's own would let
        them pass."""
        made = super().dict_schema(schema)
        for pattern, value in made.pop("patternProperties", {}).items():
            made |= {"propertyNames": {"pattern": pattern}, "additionalProperties": value}
        return made

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        made = super().default_schema(schema)
        if made.get("default") in (None, "", [], {}):
            made.pop("default", None)
        return made


def text() -> str:
    """The file's content."""
    with _described():
        made = TypeAdapter(SpecFile).json_schema(schema_generator=_ForEditors)
    schema = {"$schema": GenerateJsonSchema.schema_dialect, **_tidied(made), "title": "greenrun release spec"}
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


@contextmanager
def _described() -> Iterator[None]:
    """Let pydantic read the docstrings below the fields for the context; that takes as long as everything else about
    the tables."""
    plain = Table.__pydantic_config__
    Table.__pydantic_config__ = {**plain, "use_attribute_docstrings": True}
    try:
        yield
    finally:
        Table.__pydantic_config__ = plain


def _tidied(schema: Any, names: bool = False) -> Any:
    """The schema without the titles that pydantic makes of names, and with each description as one line of plain text.

    Args:
        names: whether the keys are names of properties, which a title may be.
    """
    if isinstance(schema, list):
        return [_tidied(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    made = {
        key: _tidied(value, names=key in ("properties", "$defs") and not names)
        for key, value in schema.items()
        if names or key != "title"
    }
    if not names and isinstance(made.get("description"), str):
        made["description"] = " ".join(made["description"].replace("``", "").split())
    return made


if __name__ == "__main__":
    PLACE.write_text(text(), encoding="utf-8")
