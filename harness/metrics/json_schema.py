"""JSON Schema: the answer is JSON that fits a declared schema. Its values may be wrong: see `json-fields`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from harness.dataset.item import Item
from harness.metrics.json_parses import Fence, value_of
from harness.metrics.metric import Forms, Metric
from harness.metrics.settings import MEANT
from harness.text.json_text import NOTHING

NAME = "json-schema"


@dataclass(frozen=True, kw_only=True)
class Schema(Fence):
    """What the JSON must fit."""

    schema: dict[str, Any] = field(
        metadata={MEANT: 'a JSON Schema, as a table or a file beside the spec, e.g. schema = "order.json"'}
    )

    def wrong(self) -> Iterator[tuple[str, str]]:
        import jsonschema

        kind = jsonschema.validators.validator_for(self.schema, jsonschema.Draft202012Validator)
        try:
            kind.check_schema(self.schema)
        except jsonschema.SchemaError as error:
            yield "schema", f"not a JSON Schema: {error.message}"
            return
        if not self.schema.keys() - {"$schema", "$id", "title", "description", "$comment", "$defs"}:
            yield "schema", "it demands nothing, so that all JSON fits; say what an answer must be"


def fits(item: Item, answer: str, forms: Forms) -> float:
    import jsonschema

    declared = forms.of(NAME, Schema)
    value: Any = value_of(answer, declared.fenced)
    if value is NOTHING:
        return 0.0
    kind = jsonschema.validators.validator_for(declared.schema, jsonschema.Draft202012Validator)
    return float(kind(declared.schema).is_valid(value))


METRIC = Metric(NAME, "share", lambda item: not item.must_refuse, fits, looks_at="form", settings=Schema)
