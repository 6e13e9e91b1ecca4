"""The kill table: each sabotage, what refused it, and what was said."""

from __future__ import annotations

from collections.abc import Sequence

Row = tuple[str, ...]


def lines(rows: Sequence[Row]) -> list[str]:
    """Rows of equally many cells as aligned lines; the last column is not padded."""
    if not rows:
        return []
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]) - 1)]
    return [
        "  ".join([*(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=False)), row[-1]]) for row in rows
    ]
