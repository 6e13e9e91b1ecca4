"""Plots: well-formed, the same bytes every time, and the one in the documentation is what the gates compute."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

from harness.gates import chances, chances_plot
from harness.gates.gate import Gate
from harness.project import ROOT
from harness.statistics import power_plot
from harness.statistics.chart import Curve, Mark, Panel, render

FORMAT = Gate("eval.both.all.format", "threshold", "f", True, "lower_bound", "format", 0.9, expected=0.98)
NOT_WORSE = Gate("regression.both.format", "not_worse", "f", True, "not_worse", "format", -0.1, expected=0.98)
SVG = "{http://www.w3.org/2000/svg}"


def test_the_plot_beside_the_power_table_is_what_its_command_writes(tmp_path: Path) -> None:
    assert power_plot.main([str(tmp_path / "power.svg")]) == 0
    written = (tmp_path / "power.svg").read_bytes()
    assert written == (ROOT / "harness" / "power.svg").read_bytes(), (
        "python -m harness.statistics.power_plot harness/power.svg"
    )


def test_the_plot_of_a_release_has_a_panel_a_gate_with_a_curve_for_twice_the_items() -> None:
    found = chances.of_gates((FORMAT, NOT_WORSE), {FORMAT.id: 60, NOT_WORSE.id: 60}, 0.95)
    root = ElementTree.fromstring(chances_plot.picture(found, 0.95, "demo"))
    assert len(root.findall(f"{SVG}g")) == 2
    dashes = [curve.get("stroke-dasharray") for curve in root.iter(f"{SVG}polyline")]
    assert dashes == [None, "6,4", None, "6,4"]


def test_the_curve_of_a_gate_goes_through_the_chance_that_the_table_prints() -> None:
    (found,) = chances.of_gates((FORMAT,), {FORMAT.id: 60}, 0.95)
    panel = chances_plot._threshold(found, 0.95)
    assert found.good is not None
    at = [y for x, y in panel.curves[0].points if abs(x - 0.98) < 1e-9]
    assert at == [found.good]


def test_what_stands_in_a_plot_is_escaped() -> None:
    panel = Panel("<b>&", "<x>", (0, 1), (0, 1), [Curve([(0, 0), (1, 1)], "<c>")], [Mark(0.5, "<m>", "red")])
    texts = [one.text for one in ElementTree.fromstring(render("<t>", ["<n>"], [panel], 1)).iter(f"{SVG}text")]
    assert {"<t>", "<n>", "<b>&", "<x>", "<c>", "<m>"} <= set(texts)


def test_a_curve_that_leaves_its_panel_is_kept_inside() -> None:
    panel = Panel("", "", (0, 1), (0, 1), [Curve([(-1, 2), (2, -1)])])
    points = next(ElementTree.fromstring(render("", [], [panel], 1)).iter(f"{SVG}polyline")).get("points")
    assert points == "44.0,34.0 244.0,184.0"
