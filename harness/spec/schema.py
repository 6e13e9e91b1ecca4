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
    """Says what TOML can: it has no null, and a key that must not be there is an error wherever it stands."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        """With the pattern of its keys as their condition: pydantic's own lets any other key pass."""
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
    """Have pydantic read the texts below the fields, which takes as long as all else that it makes of the tables."""
    plain = Table.__pydantic_config__
    Table.__pydantic_config__ = {**plain, "use_attribute_docstrings": True}
    try:
        yield
    finally:
        Table.__pydantic_config__ = plain


def _tidied(schema: Any, names: bool = False) -> Any:
    """Without the titles that pydantic makes of names; descriptions as one line of plain text.

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
