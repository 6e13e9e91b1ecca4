"""Compare every record of a data file with its task's JSON Schema (2020-12)."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
from jsonschema.exceptions import ValidationError, best_match

from harness.dataset.findings import Finding
from harness.dataset.records import parse_lines
from harness.errors import DataError

LONGEST_QUOTE = 60
"""Characters of a bad value that a message repeats."""


def field_findings(path: Path, schema_path: Path) -> tuple[Finding, ...]:
    """Every place where a record departs from the schema, in the order of the lines.

    Raises:
        DataError: a line is not a JSON object, or the schema itself cannot be used.
    """
    validator = _validator(schema_path)
    found: list[Finding] = []
    for line, record in parse_lines(path):
        for field, problem in _problems(validator.iter_errors(record)):
            found.append(Finding(path, line, field, problem))
    return tuple(found)


def _validator(schema_path: Path) -> jsonschema.Draft202012Validator:
    try:
        schema = json.loads(schema_path.read_text(encoding="utf-8"))
        jsonschema.Draft202012Validator.check_schema(schema)
    except OSError as error:
        raise DataError(schema_path, 0, f"cannot be read ({error.strerror}); name an existing JSON Schema") from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise DataError(schema_path, 0, f"not JSON: {error}") from error
    except jsonschema.SchemaError as error:
        raise DataError(schema_path, 0, f"not a JSON Schema: {error.message}") from error
    return jsonschema.Draft202012Validator(schema)


def _problems(errors: Iterable[ValidationError]) -> Iterator[tuple[str, str]]:
    """Field and problem of each error, sorted, each said once: two branches of a schema may accuse alike."""
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
            yield _place([*error.absolute_path, name]), f"unknown key {name!r}; {_nearest(name, known)}"
    elif error.validator == "required":
        for name in expected:
            if name not in instance:
                yield _place([*error.absolute_path, name]), "key is missing; the schema requires it"
    elif error.validator in ("minItems", "maxItems"):
        bound = "at least" if error.validator == "minItems" else "at most"
        yield place, f"{len(instance)} entries, {bound} {expected} expected"
    else:
        yield place, f"{_verdict(error)}, got {_quote(instance)}"


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
            return error.message if len(error.message) <= 2 * LONGEST_QUOTE else f"{error.validator} {value!r} broken"


def _nearest(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, 1, cutoff=0.4)
    return f"did you mean {near[0]!r}?" if near else f"known keys: {', '.join(known)}"


def _place(parts: Iterable[str | int]) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts)
    return text.removeprefix(".")


def _quote(value: object) -> str:
    text = repr(value)
    return text if len(text) <= LONGEST_QUOTE else text[: LONGEST_QUOTE - 3] + "..."
