"""``python -m harness.statistics.power_plot FILE``: draw the figures of `harness/power.md`, always as the same
bytes."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from harness.statistics import power
from harness.statistics.chart import Curve, Panel, render
from harness.statistics.power import WANTED, Kind

THRESHOLDS = (0.80, 0.85, 0.88, 0.90, 0.92, 0.95)
SIZES = (20, 25, 30, 35, 40, 45, 50, 60, 70, 80, 90, 100, 120, 140, 160, 180, 210, 240, 280, 320, 360, 400, 450, 500)
CONFIDENCE = 0.95


def picture() -> str:
    kinds: tuple[tuple[Kind, str], ...] = (
        ("share", "share (Clopper-Pearson)"),
        ("mean", "mean (betting bound)"),
    )
    return render(
        "How good a model must be to pass nine times in ten",
        (
            "up: true quality; across: independent items. One curve a threshold, named at its end.",
            "A curve begins where a perfect model can pass; one-sided 95 % bounds.",
            "Items are wholly right or wholly missed.",
        ),
        [_panel(kind, title) for kind, title in kinds],
        columns=2,
    )


def _panel(kind: Kind, title: str) -> Panel:
    curves = [
        Curve(_needed(threshold, kind), f"> {threshold:.2f}", colour) for colour, threshold in enumerate(THRESHOLDS)
    ]
    return Panel(title, "items", (0, 100, 200, 300, 400, 500), (0.84, 0.88, 0.92, 0.96, 1.0), curves)


def _needed(threshold: float, kind: Kind) -> list[tuple[float, float]]:
    found = [(n, power.quality_needed(WANTED, n, threshold, CONFIDENCE, kind)) for n in SIZES]
    return [(float(n), quality) for n, quality in found if quality is not None]


def main(arguments: Sequence[str]) -> int:
    if len(arguments) != 1:
        print("usage: python -m harness.statistics.power_plot FILE.svg", file=sys.stderr)
        return 2
    Path(arguments[0]).write_text(picture(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
