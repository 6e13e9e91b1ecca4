"""The journal of a run: append-only JSON lines, one file a process, one fsynced write a record.

A record without a newline behind it was cut by a crash and is dropped; all records before it are valid.

A record that is not followed by a newline was cut by a crash and is dropped; everything before it stands.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from harness.gates.entry import Damaged, Entry, Record, parse
from harness.gates.gate import Gate
from harness.gates.judging import Judgement
from harness.gates.records import Judged, Taint
from harness.run.plain import plain
from harness.store import digests
from harness.store.append import append

LATEST = 253_402_300_800
"""Seconds from 1970 to the year 10000: a later time in a record is an error, and could not be shown."""


@dataclass(frozen=True)
class Journal:
    """One process's part of the journal."""

    path: Path
    process: str

    def write(self, record: Record) -> None:
        """Append one record; it is on the disk when this returns."""
        head = {"kind": record.kind, "process": self.process, "at": time.time()}
        line = (
            json.dumps(plain({**head, **record.content()}), ensure_ascii=False, allow_nan=False).encode(
                "utf-8", "backslashreplace"
            )
            + b"\n"
        )
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.touch()
        append(self.path, line)

    def taint(self, text: str) -> None:
        """Record that something outside of any gate went wrong: the run can no longer be released."""
        self.write(Taint(text))

    def judge(self, gate: Gate, judgement: Judgement) -> None:
        self.write(Judged(gate.id, asdict(judgement)))


def read(folder: Path) -> list[Entry]:
    """All complete records of a run, in the order of their time; what cannot be read is among them, as `Damaged` or
    `Unreadable`."""
    entries = [entry for path in sorted(folder.glob("*.jsonl")) for entry in _entries(path)]
    return sorted(entries, key=lambda entry: entry.at)


def digests_of(folder: Path) -> dict[str, str]:
    """File of the journal -> SHA-256 of its bytes; a verdict names them."""
    return {path.name: digests.of_file(path) for path in sorted(folder.glob("*.jsonl"))}


def _entries(path: Path) -> Iterator[Entry]:
    for number, line in enumerate(path.read_bytes().split(b"\n")[:-1], 1):
        place, found = f"{path.name}:{number}", _object(line)
        if found is None:
            yield Entry(path.stem, 0.0, Damaged(line[:200].decode("utf-8", "replace"), place))
        else:
            yield parse(found, place)


def _object(line: bytes) -> dict[str, Any] | None:
    """The JSON object of one line; None for a line that no journal wrote."""
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(record, dict) or not isinstance(record.get("at"), (int, float)) or not 0 <= record["at"] < LATEST:
        return None
    return record if isinstance(record.get("kind"), str) and isinstance(record.get("process"), str) else None
