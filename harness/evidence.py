"""The journal of a run: append-only JSON lines, one file a process, one fsynced write a record.

A record that is not followed by a newline was cut by a crash and is dropped; everything before it stands.
"""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from harness import digests
from harness.appending import append
from harness.gates.gate import Gate, Outcome

MAX_TEXT = 20_000
"""Characters of one string that the journal keeps; a gate that prints megabytes must not fill the disk."""

MAX_DEPTH = 50
"""Levels of a nest that the journal keeps: a list may hold itself."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """One number, and what a reader needs in order to doubt it."""

    value: float
    """Unrounded; rounding belongs to whoever prints it."""
    n: int
    """Independent things behind `value`."""
    lower_bound: float | None = None
    upper_bound: float | None = None
    message: str = ""
    sources: Mapping[str, str] = field(default_factory=dict)
    """Artifact or file -> digest of the bytes that it was measured on."""
    confidence: float | None = None
    """Of each bound, where it is not the spec's own."""
    wrong: tuple[str, ...] = ()
    """What failed, worst first, one text each."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a gate's test concluded."""

    gate: str
    outcome: Outcome
    measurement: Measurement | None
    message: str


@dataclass(frozen=True)
class Journal:
    """One process's part of the journal."""

    path: Path
    process: str

    def write(self, kind: str, **content: object) -> None:
        """Append one record; it is on the disk when this returns."""
        record = plain({"kind": kind, "process": self.process, "at": time.time(), **content})
        line = json.dumps(record, ensure_ascii=False, allow_nan=False).encode("utf-8", "backslashreplace") + b"\n"
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.touch()
        append(self.path, line)

    def taint(self, text: str) -> None:
        """Record that something outside of any gate went wrong: the run can no longer be released."""
        self.write("taint", text=text)

    def judge(self, gate: Gate, judgement: Judgement) -> None:
        self.write("gate", gate=gate.id, judgement=asdict(judgement))


def read(folder: Path) -> list[dict[str, Any]]:
    """All complete records of a run, in the order of their time."""
    records = [record for path in sorted(folder.glob("*.jsonl")) for record in _records(path)]
    return sorted(records, key=lambda record: float(record["at"]))


def digests_of(folder: Path) -> dict[str, str]:
    """File of the journal -> SHA-256 of its bytes: what a verdict was reached from."""
    return {path.name: digests.of_file(path) for path in sorted(folder.glob("*.jsonl"))}


def _records(path: Path) -> Iterator[dict[str, Any]]:
    for line in path.read_bytes().split(b"\n")[:-1]:
        record = _parse(line)
        if record is None:
            record = {"kind": "damaged", "process": path.stem, "at": 0.0, "text": line[:200].decode("utf-8", "replace")}
        yield record


def _parse(line: bytes) -> dict[str, Any] | None:
    """The record of one line, or None for what no journal wrote."""
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(record, dict) or not isinstance(record.get("at"), (int, float)):
        return None
    return record if isinstance(record.get("kind"), str) and isinstance(record.get("process"), str) else None


def plain(value: object, depth: int = 0) -> Any:
    """`value` with nothing but plain JSON types: numpy scalars, tensors, paths and enums would not survive the way
    from an xdist worker to its controller, and pytest would then exit 0 on a failed test."""
    if value is None or type(value) is bool:
        return value
    if depth > MAX_DEPTH:
        return "..."
    if isinstance(value, int):
        number = int(value)
        return number if number.bit_length() <= 64 else f"an integer of {number.bit_length()} bits"
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else repr(float(value))
    if isinstance(value, str):
        text = str.__str__(value).encode("utf-8", "backslashreplace").decode("utf-8")
        return text if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT]}... ({len(text)} characters in all)"
    if isinstance(value, os.PathLike):
        return plain(os.fspath(value), depth + 1)
    if isinstance(value, Mapping):
        return {plain(_shown(key)): plain(entry, depth + 1) for key, entry in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(entry, depth + 1) for entry in value]
    return plain(_unwrapped(value), depth + 1)


def _unwrapped(value: Any) -> object:
    """The Python number in a numpy scalar or a tensor of one element; else what the value shows of itself."""
    if getattr(value, "ndim", None) == 0:
        try:
            inner = value.item()
        except Exception:  # a foreign object may raise anything, and what failed to convert is still worth showing
            return _shown(value)
        if type(inner) is not type(value):
            return inner
    return _shown(value)


def _shown(value: object) -> str:
    try:
        return value if isinstance(value, str) else str(value) if isinstance(value, (int, float)) else repr(value)
    except Exception:  # as above: __repr__ is the object's own code
        return f"<{type(value).__name__} that cannot be shown>"
