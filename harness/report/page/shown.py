"""``answers.jsonl`` in a run's folder: the judged answers, one JSON object a line; the journal holds its digest.

The page holds the same answers. The file is read back where reports are rendered again without store, data or spec.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from harness.errors import GreenrunError
from harness.gates.entry import Entry, last
from harness.gates.records import AnswersShown
from harness.releases.judged_items import JudgedItem
from harness.report.page import answers, packed
from harness.report.page.answers import Row
from harness.run import last as left
from harness.spec import papers
from harness.spec.objects import Spec

FILE = papers.ANSWERS


@dataclass(frozen=True, slots=True)
class Shown:
    """The answers that a page shows."""

    rows: tuple[Row, ...] = ()
    why: str = ""
    """Why there are no answers; "" where there are some."""


def judged(spec: Spec, out: Path, run_id: str, journal: Sequence[Entry], earlier: Iterable[JudgedItem] = ()) -> Shown:
    """The answers that a run judged, from the store below `out`; none, with the reason, where they cannot be read."""
    try:
        rows = answers.gather(spec, left.of_journal(run_id, out, journal), earlier)
    except (GreenrunError, OSError, KeyError, ValueError) as error:
        return Shown(why=f"{type(error).__name__}: {error}")
    return Shown(rows) if rows else Shown(why="no adapter answered the benchmark in this run")


def write(folder: Path, shown: Shown) -> AnswersShown:
    """Write the file. The returned record goes into the journal, so that an edited file is not shown later.

    Where the disk has no room for it, the record says so: the verdict matters more than its answers.
    """
    text = packed.lines(shown.rows).encode("utf-8", "surrogatepass")
    fresh = folder / f"{FILE}.new"
    try:
        fresh.write_bytes(text)
        fresh.replace(folder / FILE)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        return AnswersShown("", f"{FILE} could not be written ({error.strerror})")
    return AnswersShown(hashlib.sha256(text).hexdigest(), shown.why)


def again(folder: Path, journal: Sequence[Entry]) -> Shown:
    """The answers in a run's folder, where the file has the digest in its journal."""
    record = last(journal, AnswersShown)
    if record is None:
        return Shown(why="the run ended before it put them down")
    if not record.sha256:
        return Shown(why=record.why)
    try:
        text = (folder / FILE).read_bytes()
    except OSError as error:
        return Shown(why=f"{FILE} cannot be read ({error.strerror})")
    if hashlib.sha256(text).hexdigest() != record.sha256:
        return Shown(why=f"{FILE} is not the file that the run wrote")
    rows = tuple(_row(json.loads(line)) for line in text.decode("utf-8", "surrogatepass").split("\n") if line)
    return Shown(rows, record.why)


def _row(told: dict[str, Any]) -> Row:
    known = {field.name: told[field.name] for field in fields(Row)}
    lists = {name: tuple(known[name]) for name in ("said", "missed")}
    return Row(**{**known, **lists, "prompt": tuple((role, text) for role, text in known["prompt"])})
