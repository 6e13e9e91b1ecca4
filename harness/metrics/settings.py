"""What a task may declare of a metric: a frozen pydantic model, one field a key of ``[tasks.NAME.metrics.METRIC]``.

A key that is no field is refused, and so is a field without a default that no key gives.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from harness.spec import nearest


class Settings(BaseModel):
    """No settings at all; metrics with some derive from it."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def problems(kind: type[Settings], table: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(key, what is wrong and the mend) of each setting that cannot be used."""
    try:
        kind.model_validate(table)
    except ValidationError as error:
        # A key that is not known comes first: it may be what is missing, misspelt.
        for one in sorted(error.errors(include_url=False), key=lambda one: one["type"] != "extra_forbidden"):
            key = ".".join(str(part) for part in one["loc"])
            yield key, _said(one["type"], one["msg"], key, kind)


def _said(fault: str, message: str, key: str, kind: type[Settings]) -> str:
    if fault == "extra_forbidden":
        if not kind.model_fields:
            return "unknown key; the metric has no settings"
        return f"unknown key; {nearest.mend(key, kind.model_fields)}"
    if fault == "missing":
        field = kind.model_fields.get(key)
        meant = f": {field.description}" if field is not None and field.description else ""
        return f"missing, and the metric needs it{meant}"
    return message.removeprefix("Value error, ")
