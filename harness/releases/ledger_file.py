"""The lines of a ledger: which items a benchmark has, and which adapter was asked them.

A JSONL file with two kinds of lines. ``{"benchmark", "items", "seal"}`` says once what a benchmark holds, as digests of
what its items ask and never as their texts; ``{"benchmark", "adapter", "release", "run_id", "at", "seal"}`` is one
attempt on it. A seal is the SHA-256 of the rest of its line, so a line that was edited is named. Lines of the ledger's
first form have no seal and know their benchmark as a whole only; they stand before all others.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import DataError
from harness.store import digests
from harness.store.append import append

_DIGEST = re.compile(r"[0-9a-f]{16}|[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Attempt:
    """An adapter that was asked a benchmark."""

    adapter: str
    """SHA-256 of its files."""
    benchmark: str
    """Digest of the benchmark's items; in lines of the first form, of its tasks, ids and items."""


@dataclass(frozen=True, slots=True)
class Entries:
    """What a ledger says, in the order of its lines."""

    attempts: tuple[Attempt, ...]
    items: Mapping[str, frozenset[str]]
    """Benchmark -> digests of its items; absent where only lines of the first form name it."""


def read(path: Path) -> Entries:
    """The lines of a ledger.

    Raises:
        DataError: a line is none, or was edited: with its number.
        OSError: it cannot be read.
    """
    data = path.read_bytes()
    if data and not data.endswith(b"\n"):
        raise DataError(
            path, data.count(b"\n") + 1, "cut short by a crash: end the line, or remove it if no run made it"
        )
    attempts: list[Attempt] = []
    items: dict[str, frozenset[str]] = {}
    sealed = False
    for number, line in enumerate(data.split(b"\n")[:-1], 1):
        entry = _entry(path, number, line, sealed)
        sealed = sealed or "seal" in entry
        if "items" in entry:
            items[entry["benchmark"]] = frozenset(entry["items"])
        else:
            attempts.append(Attempt(entry["adapter"], entry["benchmark"]))
    return Entries(tuple(attempts), items)


def add(path: Path, entry: Mapping[str, Any]) -> None:
    """Add one line under its seal; it is on the disk when this returns.

    Raises:
        OSError: it cannot be written.
    """
    line = json.dumps({**entry, "seal": seal(entry)}, ensure_ascii=False)
    append(path, line.encode("utf-8") + b"\n")


def seal(entry: Mapping[str, Any]) -> str:
    """SHA-256 of a line without its seal."""
    return digests.of_value({name: value for name, value in entry.items() if name != "seal"})


def _entry(path: Path, number: int, line: bytes, sealed: bool) -> Mapping[str, Any]:
    """One line, checked to be what this module writes.

    Args:
        sealed: whether a line before it has a seal.
    """
    try:
        entry = json.loads(line)
        named = [entry["benchmark"], *(entry["items"] if "items" in entry else [entry["adapter"]])]
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(path, number, f"no line of a ledger ({type(error).__name__}: {error})") from error
    if not all(isinstance(text, str) for text in named):
        raise DataError(path, number, "benchmark, adapter and items must be digests")
    if "seal" not in entry:
        if sealed or "items" in entry:
            raise DataError(path, number, "has no seal, so nothing shows that a run wrote it; restore the line")
        return dict(entry)
    if entry["seal"] != seal(entry):
        raise DataError(path, number, "was edited: its seal is that of another line; restore it as it was written")
    if "items" in entry and not all(map(_DIGEST.fullmatch, named)):
        raise DataError(path, number, "items must be digests: a ledger holds no texts")
    return dict(entry)
