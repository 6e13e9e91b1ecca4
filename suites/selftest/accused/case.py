"""A small data set of a real kind, and which of its lines are to be accused of what."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.dataset import registry
from harness.dataset.check import RecordsCheck
from harness.dataset.duplicates import duplicate_findings
from harness.dataset.item import Item
from harness.dataset.items import TaskRecords, stream_items
from harness.dataset.leakage import text_findings
from harness.dataset.scan import Plan, scan
from harness.spec.data import Options

Place = tuple[str, str, int]
"""Check, split and line."""
Record = Mapping[str, Any]

TEMPLATE = "{{ instruction }}\n{{ input }}"
"""The template for records that hold their prompt as fields."""


@dataclass(frozen=True, slots=True)
class Case:
    """Files of one data set."""

    name: str
    files: Mapping[str, Iterable[Record]]
    """Split -> its records; the first record is line 1."""
    guilty: frozenset[Place] = field(default_factory=frozenset)
    """Everything that is to be accused."""


def found_in(case: Case, folder: Path) -> set[Place]:
    """(check, split, line) of everything that the checks of texts find in a case, whose files are written into
    `folder`."""
    paths = {split: _written(folder / f"{split}.jsonl", records) for split, records in case.files.items()}
    named = {path: split for split, path in paths.items()}
    found = set(_scanned(paths))
    for split, path in paths.items():
        found |= {("duplicates", split, one.line) for one in duplicate_findings(path, _items(path), Options())}
    between = text_findings({split: (path, _items(path)) for split, path in paths.items()})
    return found | {("text_apart", named[one.path], one.line) for one in between}


def _scanned(paths: Mapping[str, Path]) -> Iterator[Place]:
    """Findings of the checks of single records that look at texts only."""
    looking = [
        check
        for check in registry.looking_at(RecordsCheck)
        if check.name in ("secrets", "characters") and check.start is not None
    ]
    for split, path in paths.items():
        started = [check.start(None, "") for check in looking if check.start and _concerned(check, split)]  # type: ignore[arg-type]
        for name, tally in scan(Plan(path, checks=tuple(started))).tallies.items():
            yield from ((name, split, one.line) for one in tally.kept)


def _concerned(check: RecordsCheck, split: str) -> bool:
    return check.concerns(None, split)  # type: ignore[arg-type]


def _items(path: Path) -> Iterator[Item]:
    return stream_items(path, TaskRecords("task", TEMPLATE))


def _written(path: Path, records: Iterable[Record]) -> Path:
    lines = [json.dumps(record, ensure_ascii=False) + "\n" for record in records]
    path.write_text("".join(lines), encoding="utf-8")
    return path


def asked(prompt: str, answer: str, system: str = "", **more: Any) -> Record:
    """A record with turns."""
    turns = [{"role": "system", "content": system}] if system else []
    turns += [{"role": "user", "content": prompt}, {"role": "assistant", "content": answer}]
    return {"messages": turns, **more}


def told(instruction: str, answer: str, given: str = "") -> Record:
    """A record with fields, as Alpaca has them."""
    return {"instruction": instruction, "input": given, "output": answer}


def accused(check: str, split: str, *lines: int) -> frozenset[Place]:
    return frozenset((check, split, line) for line in lines)
