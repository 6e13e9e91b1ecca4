"""What one data check found: over how many records, on which bytes. It can be put aside and read again."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from harness.dataset.findings import Finding, Tally


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
    """Of `records`, how many have a finding, where that is not the own count of `tally`."""

    @property
    def share(self) -> float:
        """Share of records without a finding: 0 over no records."""
        return (
            max(0.0, 1.0 - (self.tally.bad if self.bad is None else self.bad) / self.records) if self.records else 0.0
        )


def dump(checked: Checked) -> str:
    """JSON of a check of one file. The file's path is left out: it is wherever the file lies when this is read."""
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
