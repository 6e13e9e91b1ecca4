"""JSON Schema: the answer is JSON that fits a declared schema. Its values may be wrong: see `json-fields`."""

from __future__ import annotations

from typing import Any

from pydantic import Field, field_validator

from harness.dataset.item import Item
from harness.metrics.json_parses import Fence, value_of
from harness.metrics.metric import Forms, Metric
from harness.text.json_text import NOTHING

NAME = "json-schema"


class Schema(Fence):
    """What the JSON must fit."""

    schema_: dict[str, Any] = Field(
        alias="schema", description='a JSON Schema, as a table or as a file beside the spec, e.g. schema = "order.json"'
    )

    @field_validator("schema_")
    @classmethod
    def _is_one(cls, schema: dict[str, Any]) -> dict[str, Any]:
        import jsonschema

        try:
            jsonschema.validators.validator_for(schema, jsonschema.Draft202012Validator).check_schema(schema)
        except jsonschema.SchemaError as error:
            raise ValueError(f"not a JSON Schema: {error.message}") from error
        if not schema.keys() - {"$schema", "$id", "title", "description", "$comment", "$defs"}:
            raise ValueError("it demands nothing, so that all JSON fits; say what an answer must be")
        return schema


def fits(item: Item, answer: str, forms: Forms) -> float:
    import jsonschema

    declared = forms.of(NAME, Schema)
    value: Any = value_of(answer, declared.fenced)
    if value is NOTHING:
        return 0.0
    kind = jsonschema.validators.validator_for(declared.schema_, jsonschema.Draft202012Validator)
    return float(kind(declared.schema_).is_valid(value))


METRIC = Metric(NAME, "share", lambda item: not item.must_refuse, fits, looks_at="form", settings=Schema)
