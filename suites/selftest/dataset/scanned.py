"""Data files of lines, written and scanned."""

from __future__ import annotations

from pathlib import Path

from harness.dataset.scan import Scan

CLEAN = [b'{"id": "%d", "text": "The sea rises: twice a day."}' % number for number in range(5)]
GOOD = CLEAN[0]


def written(path: Path, lines: list[bytes], end: bytes = b"\n") -> Path:
    path.write_bytes(b"\n".join(lines) + end)
    return path


def told(found: Scan) -> list[tuple[str, int, str]]:
    """Check, line and kind of every finding."""
    return [(check, one.line, one.kind) for check, tally in found.tallies.items() for one in tally.kept]
