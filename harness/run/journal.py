"""The journal of a run: append-only JSON lines, one file a process, one fsynced write a record.

A record that is not followed by a newline was cut by a crash and is dropped; everything before it stands.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from harness.gates.gate import Gate
from harness.gates.judging import Judgement
from harness.run.plain import plain
from harness.store import digests
from harness.store.append import append


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
