"""A number of bytes in words."""

from __future__ import annotations


def of_bytes(number: float) -> str:
    """``16.4 GB``: in thousands, as disks and hubs count."""
    value, unit = float(number), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if value < 1000:
            break
        value, unit = value / 1000, larger
    return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
