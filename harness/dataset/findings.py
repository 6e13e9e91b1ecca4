"""What a data check reports: one finding per defect, placed so that an editor can jump to it, and their tally."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from harness.errors import GreenrunError

SHOWN = 20
"""Findings of one kind that a message shows; the rest is counted."""

KEPT = 1000
"""Findings of one kind that are kept as objects: a file that is wrong in every line must not fill the memory."""


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One defect of a data file."""

    path: Path
    line: int
    """1-based; 0 where the whole file is meant."""
    field: str
    """Name or path of the field, e.g. ``points[1].note``; "" where the whole line is meant."""
    problem: str
    """What was found, what was expected and, where it is known, the mend."""
    kind: str = ""
    """Stable name of the defect, e.g. ``duplicate-key``: what ``[gates.data] allow`` names."""
    column: int = 0
    """1-based character in the line, or byte where the line is not text; 0 where `field` gives the place."""
    evidence: str = ""
    """The offending text, shortened and made printable."""

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}:{self.column}" if self.column else f"{self.path}:{self.line}"
        return ": ".join(part for part in (place, self.field, self.problem) if part)

    def as_json(self) -> dict[str, object]:
        return {
            "kind": self.kind,
            "path": str(self.path),
            "line": self.line,
            "column": self.column,
            "field": self.field,
            "problem": self.problem,
            "evidence": self.evidence,
        }


@dataclass(slots=True)
class Tally:
    """Findings of one check, counted in full and kept in part, in the order in which they were added."""

    kept: list[Finding] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    """Kind -> number of findings, those that are not kept included."""
    bad: int = 0
    """Records that have at least one finding. A finding about the whole file counts as one record."""

    def add(self, found: Iterable[Finding]) -> None:
        """Count findings of one record; none leaves the tally as it is."""
        before = self.total
        for finding in found:
            self.counts[finding.kind] += 1
            if self.counts[finding.kind] <= KEPT:
                self.kept.append(finding)
        self.bad += self.total > before

    def merge(self, later: Tally) -> None:
        """Add the tally of a later part of the same file."""
        room = {kind: KEPT - count for kind, count in self.counts.items()}
        for finding in later.kept:
            if room.setdefault(finding.kind, KEPT) > 0:
                room[finding.kind] -= 1
                self.kept.append(finding)
        self.counts.update(later.counts)
        self.bad += later.bad

    @property
    def total(self) -> int:
        return self.counts.total()

    def shown(self) -> Iterator[str]:
        """The first findings of each kind as text, and how many more there are."""
        told: Counter[str] = Counter()
        for finding in self.kept:
            told[finding.kind] += 1
            if told[finding.kind] <= SHOWN:
                yield str(finding)
        for kind, count in sorted(self.counts.items()):
            if count > SHOWN:
                yield f"... and {count - SHOWN} more {kind or 'findings'} ({count} in all)"


def tally(found: Iterable[Finding]) -> Tally:
    """The tally of findings that do not come record by record: findings of one line count as one bad record."""
    result = Tally()
    lines: set[tuple[Path, int]] = set()
    for finding in found:
        result.add((finding,))
        lines.add((finding.path, finding.line))
    result.bad = len(lines)
    return result


class UndeclaredError(GreenrunError):
    """Raised when a check reports a kind of finding that it does not declare: no spec could allow it."""


def declared(check: str, kinds: Container[str], found: Iterable[str]) -> None:
    """Check that every kind found is one that the check declares.

    Raises:
        UndeclaredError
    """
    for kind in found:
        if kind not in kinds:
            raise UndeclaredError(
                f"data check {check!r} found {kind!r}, which it does not declare; add it to its `kinds`"
            )


def told_by(check: str, kinds: Container[str], found: Iterable[Finding], allowed: Container[str]) -> Iterator[Finding]:
    """The findings of a check, but for those that the spec allows.

    Raises:
        UndeclaredError: one is of a kind that the check does not declare.
    """
    for finding in found:
        declared(check, kinds, (finding.kind,))
        if finding.kind not in allowed:
            yield finding


def write(path: Path, gate: str, result: Tally) -> None:
    """Write one gate's findings as JSON lines: those that were kept, then one line with the full counts."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", errors="backslashreplace") as stream:
        for finding in result.kept:
            stream.write(json.dumps({"gate": gate, **finding.as_json()}, ensure_ascii=False) + "\n")
        stream.write(json.dumps({"gate": gate, "counts": dict(sorted(result.counts.items()))}) + "\n")


def quote(value: object, longest: int = 60) -> str:
    """`value` as a message repeats it: printable and short."""
    text = ascii(value) if isinstance(value, str) and not value.isprintable() else repr(value)
    return text if len(text) <= longest else text[: longest - 3] + "..."


@dataclass(frozen=True, slots=True)
class Checked:
    """The findings of one check."""

    tally: Tally
    records: int
    sources: dict[str, str]
    """File name or split -> SHA-256 of the stored bytes."""
    note: str = ""
    """What a reader may want to know even where nothing was found."""
    bad: int | None = None
    """How many of `records` have a finding, where `tally` does not count that itself."""

    @property
    def share(self) -> float:
        """Share of records without a finding: 0 over no records."""
        return (
            max(0.0, 1.0 - (self.tally.bad if self.bad is None else self.bad) / self.records) if self.records else 0.0
        )


def dump(checked: Checked) -> str:
    """The result of a check of one file as JSON. The file's path is left out, since the file may lie elsewhere when it
    is read."""
    kept = [{key: value for key, value in one.as_json().items() if key != "path"} for one in checked.tally.kept]
    tally = {"kept": kept, "counts": checked.tally.counts, "bad": checked.tally.bad}
    return json.dumps(
        {"tally": tally, "records": checked.records, "sources": checked.sources, "note": checked.note}, sort_keys=True
    )


def load(text: str, path: Path) -> Checked:
    """What `dump` wrote, as found in the file at `path`."""
    row = json.loads(text)
    tally = Tally(
        kept=[Finding(path=path, **one) for one in row["tally"]["kept"]],
        counts=Counter(row["tally"]["counts"]),
        bad=row["tally"]["bad"],
    )
    return Checked(tally, row["records"], row["sources"], row["note"])
