"""The settings of a metric in a task: a frozen dataclass, one field for each key of ``[tasks.NAME.metrics.METRIC]``.

As in every table of a spec (`harness.spec.table`), an unknown key is refused, and so is a missing key whose field has
no default. pydantic validates a table, and is imported when the first one is read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, fields
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from harness.spec import nearest
from harness.spec.table import Table

if TYPE_CHECKING:
    from pydantic import TypeAdapter

Kind = TypeVar("Kind", bound="Settings")

MEANT = "meant"
"""Key of a field's metadata with its meaning and an example, for the message where it is missing."""


@dataclass(frozen=True)
class Settings(Table):
    """No settings at all; metrics with some derive from it."""

    def wrong(self) -> Iterator[tuple[str, str]]:
        """(key, what is wrong and the mend) for each value that has the right type and no meaning."""
        yield from ()


def required(kind: type[Settings]) -> dict[str, bool]:
    """Setting -> whether it must be given."""
    return {one.name: one.default is MISSING and one.default_factory is MISSING for one in fields(kind)}


def read(kind: type[Kind], table: Mapping[str, Any]) -> Kind:
    """The settings of a table.

    Raises:
        pydantic.ValidationError: it does not fit; `problems` says so in words.
    """
    key: Any = kind
    made: Kind = _reader(key).validate_python(dict(table))
    return made


@cache
def _reader(kind: Any) -> TypeAdapter[Any]:
    from pydantic import TypeAdapter

    return TypeAdapter(kind)


def problems(kind: type[Settings], table: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(key, what is wrong and the mend) for each setting that cannot be used."""
    known = required(kind)
    unknown = [key for key in table if key not in known]
    for key in unknown:
        yield key, f"unknown key; {nearest.mend(key, known)}" if known else "unknown key; the metric has no settings"
    missing = [key for key, must in known.items() if must and key not in table]
    for key in missing if not unknown else ():  # it may be what is there, misspelt
        meant = next(one.metadata.get(MEANT, "") for one in fields(kind) if one.name == key)
        yield key, f"missing, and the metric needs it{': ' if meant else ''}{meant}"
    if not unknown and not missing:
        yield from _unfit(kind, table)


def _unfit(kind: type[Settings], table: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    from pydantic import ValidationError

    try:
        made = read(kind, table)
    except ValidationError as error:
        for one in error.errors(include_url=False):
            yield ".".join(str(part) for part in one["loc"]), one["msg"]
    else:
        yield from made.wrong()
