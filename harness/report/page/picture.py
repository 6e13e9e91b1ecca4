"""Draw small pictures as SVG, with classes and attributes only: a strict policy forbids styles inside."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

WIDTH, HEIGHT = 168, 18
"""Size of a gate's interval, in pixels."""
EDGE = 6
CURVE_WIDTH, CURVE_HEIGHT = 180, 64
SMOOTH = 24
"""Points of a loss curve: each is the mean of an equal part of the steps."""


def interval(gate: Mapping[str, Any]) -> Markup:
    """A gate's value and bounds on its scale against its threshold; empty where there is no figure to draw."""
    value = gate.get("value")
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not math.isfinite(value):
        return Markup("")
    lower, upper, threshold = (gate.get(key) for key in ("lower_bound", "upper_bound", "threshold"))
    low = float(lower) if isinstance(lower, (int, float)) else float(value)
    high = float(upper) if isinstance(upper, (int, float)) else float(value)
    wanted = float(threshold) if isinstance(threshold, (int, float)) else 0.0
    left, right = _scale([value, low, high, wanted])
    wide = (WIDTH - 2 * EDGE) / (right - left)
    middle = HEIGHT / 2
    return Markup(
        '<svg class="interval {outcome}" viewBox="0 0 {w} {h}" width="{w}" height="{h}" role="img" '
        'aria-label="{label}">'
        '<line class="scale" x1="{a}" x2="{b}" y1="{m}" y2="{m}"/>'
        '<line class="band" x1="{low}" x2="{high}" y1="{m}" y2="{m}"/>'
        '<circle class="value" cx="{value}" cy="{m}" r="3.5"/>'
        '<line class="threshold" x1="{wanted}" x2="{wanted}" y1="2" y2="{foot}"/></svg>'
    ).format(
        outcome=gate.get("outcome", ""),
        label=f"{value:.4f}, {low:.4f}, {wanted:g}",
        w=WIDTH,
        h=HEIGHT,
        a=EDGE,
        b=WIDTH - EDGE,
        m=middle,
        low=f"{EDGE + wide * (low - left):.1f}",
        high=f"{EDGE + wide * (high - left):.1f}",
        value=f"{EDGE + wide * (value - left):.1f}",
        wanted=f"{EDGE + wide * (wanted - left):.1f}",
        foot=HEIGHT - 2,
    )


def _scale(figures: Sequence[float]) -> tuple[float, float]:
    """(low, high) end of the axis: shares from their lowest tenth to 1, differences around 0, other figures from 0
    up."""
    low, high = min(figures), max(figures)
    if low >= 0.0 and high <= 1.0:
        return min(0.5, math.floor(low * 10) / 10), 1.0
    reach = max(abs(low), abs(high)) or 1.0
    return (-reach if low < 0 else 0.0), reach


def curve(losses: Sequence[float], top: float) -> Markup:
    """One training's loss over its steps, smoothed, from 0 to `top`."""
    points = smoothed(losses)
    if not points or top <= 0:
        return Markup("")
    across = (CURVE_WIDTH - 2 * EDGE) / max(1, len(points) - 1)
    path = " ".join(
        f"{EDGE + k * across:.1f},{CURVE_HEIGHT - EDGE - (CURVE_HEIGHT - 2 * EDGE) * min(1.0, value / top):.1f}"
        for k, value in enumerate(points)
    )
    return Markup(
        '<svg class="curve" viewBox="0 0 {w} {h}" width="{w}" height="{h}" role="img" aria-label="{label}">'
        '<polyline class="axis" points="{e},{e} {e},{y} {x},{y}"/><polyline class="line" points="{path}"/></svg>'
    ).format(
        w=CURVE_WIDTH,
        h=CURVE_HEIGHT,
        e=EDGE,
        y=CURVE_HEIGHT - EDGE,
        x=CURVE_WIDTH - EDGE,
        path=path,
        label=f"{points[0]:.3f} → {points[-1]:.3f}",
    )


def smoothed(losses: Sequence[float]) -> list[float]:
    """At most `SMOOTH` means over equally long parts; losses that are not finite are left out."""
    known = [float(one) for one in losses if isinstance(one, (int, float)) and math.isfinite(one)]
    size = max(1, -(-len(known) // SMOOTH))
    return [sum(part) / len(part) for k in range(0, len(known), size) if (part := known[k : k + size])]
