"""Line charts as SVG: small panels in a grid, each with its curves and marked places on its horizontal axis.

Written by hand for two kinds of plots: no plotting library, the same bytes everywhere, a few kilobytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 300, 220
"""Size of a panel in pixels, its labels included."""
LEFT, RIGHT, TOP, BOTTOM = 44, 56, 34, 36
"""Margins around a panel's axes in pixels, for tick labels, labels at the end of curves, the title and the name of the
axis."""
COLOURS = ("#1f5fa8", "#c2571a", "#2c8a4b", "#8a3fa0", "#a8811f", "#4a4a4a")
"""Colours of curves, chosen to differ on paper and for most readers with colour blindness; curves have labels as
well."""
STYLE = "font-family='sans-serif' font-size='11'"


@dataclass(frozen=True, slots=True)
class Curve:
    points: Sequence[tuple[float, float]]
    label: str = ""
    """Text at the curve's right end."""
    colour: int = 0
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """A vertical line at a value of the horizontal axis."""

    at: float
    label: str
    colour: str


@dataclass(frozen=True, slots=True)
class Panel:
    title: str
    across: str
    """Name of the horizontal axis."""
    x: Sequence[float]
    """Ticks of the horizontal axis; the first and the last are its ends."""
    y: Sequence[float]
    curves: Sequence[Curve]
    marks: Sequence[Mark] = ()


def render(title: str, notes: Sequence[str], panels: Sequence[Panel], columns: int) -> str:
    """The chart as the text of an SVG file.

    Args:
        notes: lines between the title and the panels: what the vertical axis and the kinds of lines mean.
    """
    head = 34 + 16 * len(notes)
    rows = -(-len(panels) // columns)
    width, height = columns * WIDTH, head + rows * HEIGHT
    lines = [
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{width}' height='{height}' viewBox='0 0 {width} {height}'>",
        f"<rect width='{width}' height='{height}' fill='white'/>",
        f"<text x='12' y='22' font-family='sans-serif' font-size='15' font-weight='bold'>{escape(title)}</text>",
        *(f"<text x='12' y='{40 + 16 * k}' {STYLE} fill='#444'>{escape(one)}</text>" for k, one in enumerate(notes)),
    ]
    for number, panel in enumerate(panels):
        place = (number % columns * WIDTH, head + number // columns * HEIGHT)
        lines += [f"<g transform='translate({place[0]},{place[1]})'>", *_panel(panel), "</g>"]
    return "\n".join([*lines, "</svg>"]) + "\n"


def _panel(panel: Panel) -> Iterator[str]:
    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
    yield f"<text x='{LEFT}' y='16' {STYLE} font-weight='bold'>{escape(panel.title)}</text>"
    for tick in panel.y:
        at = _down(panel, tick)
        yield f"<line x1='{LEFT}' x2='{right}' y1='{at}' y2='{at}' stroke='#e4e4e4'/>"
        yield f"<text x='{LEFT - 6}' y='{at + 4:.1f}' {STYLE} text-anchor='end' fill='#444'>{tick:g}</text>"
    for tick in panel.x:
        at = _along(panel, tick)
        yield f"<line x1='{at}' x2='{at}' y1='{bottom}' y2='{bottom + 4}' stroke='#888'/>"
        yield f"<text x='{at}' y='{bottom + 16}' {STYLE} text-anchor='middle' fill='#444'>{tick:g}</text>"
    yield f"<line x1='{LEFT}' x2='{right}' y1='{bottom}' y2='{bottom}' stroke='#888'/>"
    middle = (LEFT + right) / 2
    yield f"<text x='{middle:g}' y='{bottom + 31}' {STYLE} text-anchor='middle'>{escape(panel.across)}</text>"
    for mark in panel.marks:
        at, paint = _along(panel, mark.at), f"stroke='{mark.colour}' stroke-dasharray='2,3'"
        yield f"<line x1='{at}' x2='{at}' y1='{TOP}' y2='{bottom}' {paint}/>"
        words = f"{STYLE} text-anchor='middle' fill='{mark.colour}'"
        yield f"<text x='{at}' y='{TOP - 5}' {words}>{escape(mark.label)}</text>"
    for curve in panel.curves:
        yield from _curve(panel, curve)


def _curve(panel: Panel, curve: Curve) -> Iterator[str]:
    colour = COLOURS[curve.colour % len(COLOURS)]
    places = " ".join(f"{_along(panel, x)},{_down(panel, y)}" for x, y in curve.points)
    dash = " stroke-dasharray='6,4'" if curve.dashed else ""
    yield f"<polyline points='{places}' fill='none' stroke='{colour}' stroke-width='1.8'{dash}/>"
    if curve.label and curve.points:
        x, y = curve.points[-1]
        at = (_along(panel, x) + 5, _down(panel, y) + 4)
        yield f"<text x='{at[0]:.1f}' y='{at[1]:.1f}' {STYLE} fill='{colour}'>{escape(curve.label)}</text>"


def _along(panel: Panel, x: float) -> float:
    share = (x - panel.x[0]) / (panel.x[-1] - panel.x[0])
    return round(LEFT + min(max(share, 0.0), 1.0) * (WIDTH - LEFT - RIGHT), 1)


def _down(panel: Panel, y: float) -> float:
    share = (y - panel.y[0]) / (panel.y[-1] - panel.y[0])
    return round(HEIGHT - BOTTOM - min(max(share, 0.0), 1.0) * (HEIGHT - TOP - BOTTOM), 1)
