"""Draw the operating characteristic: the chance of each gate to pass an adapter, by its true quality."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from harness.gates.chances import TWICE, Characteristic
from harness.statistics import paired_power, power
from harness.statistics.chart import Curve, Mark, Panel, render

STEPS, PAIRED_STEPS = 60, 15
"""Points of a curve. The exact sums over pairs are slow, and their curves smooth, so they get fewer."""
BAD, GOOD = "#b00020", "#2c8a4b"
CHANCES = (0.0, 0.25, 0.5, 0.75, 1.0)


def picture(found: Iterable[Characteristic], confidence: float, release: str) -> str:
    """An SVG picture with a panel for each gate that goes by a bound, in their order."""
    panels = [
        _paired(one, confidence) if one.gate.rule == "not_worse" else _threshold(one, confidence) for one in found
    ]
    return render(
        f"Release {release}: the chance of each gate to pass",
        (
            "up: chance to pass; across: the true quality, or the true change since the earlier release.",
            "solid: with the spec's items; dashed: twice as many. red: the threshold; green: the quality expected.",
        ),
        panels,
        columns=min(4, max(1, len(panels))),
    )


def _threshold(one: Characteristic, confidence: float) -> Panel:
    gate, kind = one.gate, one.kind
    least = max(0.0, round(gate.threshold - 0.1, 2))

    def chance(items: int, quality: float) -> float:
        return power.pass_chance(items, gate.threshold, quality, confidence, kind)

    ticks = [least + (1.0 - least) * k / 4 for k in range(5)]
    return _panel(one, chance, STEPS, "true quality", [round(tick, 3) for tick in ticks], gate.expected)


def _paired(one: Characteristic, confidence: float) -> Panel:
    """A panel with a successor's chance to pass, by the true change of its mean. Its errors fall on other items than
    its predecessor's, so even an equally good one has pairs that got worse."""
    margin, expected = -one.gate.threshold, one.gate.expected
    differs = 0.0 if expected is None else expected * (1.0 - expected)

    def chance(items: int, change: float) -> float:
        return paired_power.pass_chance(items, margin, differs - change, differs, confidence)

    ticks = [round(-1.2 * margin * (1 - k / 3), 3) for k in range(4)]
    return _panel(one, chance, PAIRED_STEPS, "true change", ticks, None if expected is None else 0.0)


def _panel(
    one: Characteristic,
    chance: Callable[[int, float], float],
    steps: int,
    across: str,
    ticks: list[float],
    expected: float | None,
) -> Panel:
    places = [ticks[0] + (ticks[-1] - ticks[0]) * k / steps for k in range(steps + 1)]
    sizes = ((one.n, False), (TWICE * one.n, True))
    curves = [
        Curve([(x, chance(n, min(x, ticks[-1]))) for x in places], f"n={n}" if not dashed else "", 0, dashed)
        for n, dashed in sizes
    ]
    marks = [Mark(one.gate.threshold, f"{one.gate.threshold:g}", BAD)]
    if expected is not None:
        marks.append(Mark(expected, f"{expected:g}", GOOD))
    name = one.gate.id.partition(".")[2]
    return Panel(name, across, ticks, CHANCES, curves, marks)
