"""Read a release spec: TOML in, frozen and validated objects out.

The JSON Schema beside this package holds the shape (editors use it too); what a schema cannot say
(names that must exist, thresholds that can be proved) is checked in `harness.spec.check` and `harness.gates`.
"""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date, time
from pathlib import Path
from typing import Any

import jsonschema
from jsonschema.exceptions import best_match

from harness.errors import SpecError
from harness.spec import chat, nearest
from harness.spec import check as references
from harness.spec.objects import (
    SPLITS,
    Adapter,
    Base,
    Selection,
    Spec,
    Task,
    Thresholds,
)
from harness.spec.recipe import Experiment, Recipe
from harness.store import digests

MAX_DEPTH = 20
"""Levels of tables and lists in a spec; the deepest key of all has seven."""
SCHEMA = Path(__file__).parent.parent / "schemas" / "release.schema.json"


def load(path: Path, given: Mapping[str, Path] | None = None) -> Spec:
    """Read and validate a release spec.

    Args:
        path: the TOML file; paths inside it are relative to its folder.
        given: adapter name -> folder of an adapter trained elsewhere (``--adapter``).

    Raises:
        SpecError: with the key and the mend.
    """
    try:
        text = path.read_bytes()
        table = tomllib.loads(text.decode("utf-8"))
    except OSError as error:
        raise SpecError(path, "", f"cannot be read ({error.strerror}); name a spec with --release=PATH") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SpecError(path, "", f"not valid TOML: {error}") from error
    except RecursionError as error:
        raise SpecError(path, "", f"nested deeper than {MAX_DEPTH} levels; no key of a spec is") from error
    for key, problem in _unusable(table):
        raise SpecError(path, key, problem)
    _check_shape(path, table)
    spec = _build(path, digests.of_value({"spec": table, "given": sorted(given or {})}), table, dict(given or {}))
    references.check(spec)
    return spec


def _check_shape(path: Path, table: dict[str, Any]) -> None:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    error = best_match(jsonschema.Draft202012Validator(schema).iter_errors(table))
    if error is None:
        return
    key = ".".join(str(part) for part in error.absolute_path)
    if error.validator == "additionalProperties" and isinstance(error.schema, Mapping):
        known = list(error.schema.get("properties", ()))
        unknown = next(name for name in error.instance if name not in known)
        raise SpecError(path, f"{key}.{unknown}".lstrip("."), f"unknown key; {nearest.mend(unknown, known)}")
    raise SpecError(path, key, f"{error.message} (got {_short(error.instance)})")


def _unusable(table: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Values that TOML has and no key takes, each with its place: a schema has no words for them, or lets them pass."""
    waiting: list[tuple[str, int, Any]] = [("", 0, table)]
    while waiting:
        key, depth, value = waiting.pop()
        if depth > MAX_DEPTH:
            yield key[:80], f"nested deeper than {MAX_DEPTH} levels; no key of a spec is"
        elif isinstance(value, dict):
            waiting += [(f"{key}.{name}".lstrip("."), depth + 1, entry) for name, entry in value.items()]
        elif isinstance(value, list):
            waiting += [(f"{key}.{number}", depth + 1, entry) for number, entry in enumerate(value)]
        elif isinstance(value, float) and not math.isfinite(value):
            yield key, f"{value} is no number that anything can be compared with"
        elif isinstance(value, (date, time)):
            yield key, f"{value} is a date or a time, and no key takes one; was a text meant? Put it in quotes"


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def _build(path: Path, digest: str, table: dict[str, Any], given: dict[str, Path]) -> Spec:
    here = path.resolve().parent
    release, policy, generation = table["release"], table.get("policy", {}), table.get("generation", {})
    rule = policy.get("rule", "lower_bound")
    gates = dict(table["gates"])
    for name in given:
        if name not in table["adapters"]:
            known = references.listed(table["adapters"])
            raise SpecError(path, "--adapter", f"unknown adapter {name!r}; the spec names {known}")
    return Spec(
        path=path,
        digest=digest,
        name=release["name"],
        candidate=release["candidate"],
        deploy=release["deploy"],
        seed=release.get("seed", 0),
        threads=release.get("threads", 2),
        instructions=release.get("instructions", "native"),
        notes=here / release["notes"] if "notes" in release else None,
        base=_base(here, table["base"]),
        tasks={name: _task(here, name, entry) for name, entry in table["tasks"].items()},
        adapters={
            name: Adapter(
                name,
                tuple(entry["tasks"]),
                given.get(name, _maybe(here, entry.get("path"))),
                entry.get("trained_on", ""),
            )
            for name, entry in table["adapters"].items()
        },
        recipe=Recipe(**table["recipe"]),
        experiments=tuple(Experiment(**entry) for entry in table["experiments"]),
        selection=Selection(**table.get("selection", {})),
        rule=rule,
        confidence=policy.get("confidence", 0.95),
        batch_size=generation.get("batch_size", 64),
        noise_sample=generation.get("noise_sample", 16),
        ends_by_itself=generation.get("ends_by_itself", 0.9),
        keep_last=table.get("store", {}).get("keep_last"),
        limits=table.get("limits", {}),
        thresholds=tuple(_thresholds(entry, rule, release["candidate"]) for entry in gates.pop("eval")),
        areas=gates,
        ledger=_maybe(here, policy.get("ledger")),
        attempts=policy.get("attempts", "report"),
        fresh_after=policy.get("fresh_after", 10),
    )


def _maybe(here: Path, name: str | None) -> Path | None:
    return None if name is None else here / name


def _base(here: Path, entry: dict[str, Any]) -> Base:
    scheme, _, place = entry["source"].partition(":")
    source = f"path:{here / place}" if scheme == "path" else entry["source"]
    return Base(source, entry["pin"], chat.from_table(here, entry.get("chat", {})))


def _task(here: Path, name: str, entry: dict[str, Any]) -> Task:
    return Task(
        name=name,
        system=entry.get("system", ""),
        files={split: here / entry[split] for split in SPLITS if split in entry},
        template=here / entry["template"],
        schema=_maybe(here, entry.get("schema")),
        answer_form=entry["answer_form"],
        refusal_form=entry["refusal_form"],
        max_new_tokens=entry.get("max_new_tokens", 160),
        counts=entry.get("counts", {}),
    )


def _thresholds(entry: dict[str, Any], rule: str, candidate: str) -> Thresholds:
    parity = entry.get("split", "benchmark") == "parity"
    return Thresholds(
        adapter=entry["adapter"],
        task=entry["task"],
        above=entry["above"],
        expected=entry.get("expected", {}),
        split=entry.get("split", "benchmark"),
        blocking=entry.get("blocking", entry["adapter"] == candidate and not parity),
        rule=entry.get("rule", "point" if parity else rule),
    )
