"""The metrics that a task declares, by a table of its own or by a gate, each with its settings as written.

A setting named ``schema`` that is a text names a JSON file beside the spec: it is read here, once, so that the spec's
digest holds what it says.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from harness.errors import SpecError
from harness.spec.adapters import AdapterTable
from harness.spec.tasks import ALL
from harness.spec.thresholds import Row

Tables = Mapping[str, Mapping[str, Any]]


def read(path: Path, tasks: Mapping[str, Any]) -> dict[str, Tables]:
    """Task -> metric -> settings, with files read.

    Raises:
        SpecError: a file is missing or holds no JSON.
    """
    return {
        task: {
            metric: {
                key: _value(path, f"tasks.{task}.metrics.{metric}.{key}", key, value) for key, value in own.items()
            }
            for metric, own in entry.get("metrics", {}).items()
        }
        for task, entry in tasks.items()
    }


def _value(path: Path, place: str, key: str, value: object) -> object:
    if key != "schema" or not isinstance(value, str):
        return value
    file = path.resolve().parent / value
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise SpecError(
            path, place, f"{file} cannot be read ({error.strerror}); name a file beside the spec"
        ) from error
    except (ValueError, RecursionError) as error:
        raise SpecError(path, place, f"{file} is not JSON: {error}") from error


def declared(task: str, own: Tables, rows: Iterable[Row], adapters: Mapping[str, AdapterTable]) -> dict[str, Any]:
    """The metrics of a task: those with a table, and those that a row of ``[[gates.eval]]`` about it names."""
    named: dict[str, Any] = {}
    for row in rows:
        pooled = adapters[row.adapter].tasks if row.adapter in adapters else ()
        if task in (pooled if row.task == ALL else (row.task,)):
            named |= {metric: {} for metric in row.above}
    return {**named, **own}
