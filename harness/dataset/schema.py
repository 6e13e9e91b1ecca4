"""Validate records against their task's JSON Schema (2020-12): jsonschema-rs, compiled and fast, decides, and
jsonschema words the findings.

A record that jsonschema-rs accepts is never given to jsonschema.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.dataset.findings import Finding, quote
from harness.dataset.line import MOST, Record
from harness.errors import DataError
from harness.spec import nearest
from harness.spec.data import DEFAULT, Options

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError


class Schema:
    """One JSON Schema, compiled. No reference is followed out of its file, and none over a network.

    Raises:
        DataError: the file cannot be read, is not the one that the run opened with, or holds no usable schema.
    """

    def __init__(self, path: Path, options: Options = DEFAULT) -> None:
        import jsonschema
        import jsonschema_rs

        self._source = _read(path, options)
        try:
            jsonschema.Draft202012Validator.check_schema(self._source)
            self._compiled = jsonschema_rs.Draft202012Validator(self._source, offline=True)
        except jsonschema.SchemaError as error:
            raise DataError(path, 0, f"not a JSON Schema: {error.message}") from error
        except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as error:
            raise DataError(path, 0, f"not a JSON Schema that can be compiled: {error}") from error
        self.empty_allowed = frozenset(_names_of_empty(self._source))
        """Names of properties for which the schema itself allows the empty text."""

    def accepts(self, record: Record) -> bool:
        return bool(self._compiled.is_valid(record))

    def findings(self, path: Path, line: int, record: Record) -> tuple[Finding, ...]:
        """The places where a refused record departs from the schema, up to `MOST`, sorted by field."""
        import jsonschema
        import referencing

        try:
            explaining = jsonschema.Draft202012Validator(self._source, registry=referencing.Registry())
            problems = list(_problems(islice(explaining.iter_errors(record), MOST)))
        except (RecursionError, referencing.exceptions.Unresolvable):
            problems = []
        if not problems:  # the two differ, as they may over a regular expression
            problems = [
                (_place(error.instance_path), quote(error.message, 120))
                for error in islice(self._compiled.iter_errors(record), MOST)
            ]
        return tuple(Finding(path, line, field, problem, "schema") for field, problem in problems)


def _read(path: Path, options: Options) -> Any:
    try:
        data = path.read_bytes()
        options.held(path, hashlib.sha256(data).hexdigest())
        return json.loads(data.decode("utf-8"))
    except OSError as error:
        raise DataError(path, 0, f"cannot be read ({error.strerror}); name an existing JSON Schema") from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise DataError(path, 0, f"not JSON: {error}") from error


def _names_of_empty(schema: Any) -> Iterator[str]:
    """Names of properties whose schema has the empty text as `const` or in `enum`."""
    if isinstance(schema, dict):
        properties = schema.get("properties")
        for name, entry in properties.items() if isinstance(properties, dict) else ():
            if isinstance(entry, dict) and (entry.get("const") == "" or "" in (entry.get("enum") or ())):
                yield name
    for inner in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        yield from _names_of_empty(inner)


def _problems(errors: Iterable[ValidationError]) -> Iterator[tuple[str, str]]:
    """(field, problem) of each error, sorted and without repeats: two branches of a schema may report the same."""
    from jsonschema.exceptions import best_match

    said: set[tuple[str, str]] = set()
    for error in errors:
        deepest = best_match([error])  # inside anyOf and oneOf, the branch that came nearest
        assert deepest is not None, error
        said.update(_readings(deepest))
    return iter(sorted(said))


def _readings(error: ValidationError) -> Iterator[tuple[str, str]]:
    place = _place(error.absolute_path)
    instance: Any = error.instance
    expected: Any = error.validator_value
    if error.validator == "additionalProperties" and isinstance(error.schema, dict) and not expected:
        known = sorted(error.schema.get("properties", ()))
        for name in sorted(set(instance) - set(known)):
            yield _place([*error.absolute_path, name]), f"unknown key {name!r}; {nearest.mend(name, known)}"
    elif error.validator == "required":
        for name in expected:
            if name not in instance:
                yield _place([*error.absolute_path, name]), "key is missing; the schema requires it"
    elif error.validator in ("minItems", "maxItems"):
        bound = "at least" if error.validator == "minItems" else "at most"
        yield place, f"{len(instance)} entries, {bound} {expected} expected"
    else:
        yield place, f"{_verdict(error)}, got {quote(instance)}"


def _verdict(error: ValidationError) -> str:
    value: Any = error.validator_value
    match error.validator:
        case "type":
            return f"{value if isinstance(value, str) else ' or '.join(value)} expected"
        case "enum":
            return f"one of {', '.join(map(repr, value))} expected"
        case "const":
            return f"{value!r} expected"
        case "pattern":
            return f"text matching {value} expected"
        case None:  # the schema is `false`: a key that this kind of record does not have
            return "not allowed in this record"
        case "minLength":
            return f"at least {value} characters expected"
        case _:
            return error.message if len(error.message) <= 120 else f"{error.validator} {value!r} broken"


def _place(parts: Iterable[str | int]) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts)
    return text.removeprefix(".")
