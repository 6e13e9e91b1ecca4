"""Whole runs of specs that ``python -m harness.new`` wrote, on the tiny line's random base: each ends with a verdict,
and no gate in an error."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.new.__main__ import main
from suites.selftest.new import shapes
from suites.tiny.child import Line, release


@pytest.mark.parametrize(("name", "metric"), [("labels in CSV", "label"), ("structured", "json-fields")])
def test_a_written_spec_is_a_release_that_ends_in_a_verdict(name: str, metric: str, line: Line, tmp_path: Path) -> None:
    data = shapes.write(name, tmp_path, 60)
    out = tmp_path / "made"
    assert main([str(data), f"--out={out}", f"--base={line.spec.parent / 'base'}"]) == 0
    own = Line(out / "release.toml", tmp_path / "out")

    plan = release(own, "plan", "--plan", timeout=600)
    finished = release(own, "first", timeout=600)

    assert plan.status == 0, plan.output
    assert f".{metric}" in plan.output
    assert finished.verdict["verdict"] in ("refused", "released"), finished.output
    assert finished.status == (0 if finished.verdict["verdict"] == "released" else 1)
    assert [gate["id"] for gate in finished.verdict["gates"] if gate["outcome"] == "error"] == []
    judged = [gate for gate in finished.verdict["gates"] if gate["id"].startswith("data.")]
    assert {gate["outcome"] for gate in judged} == {"passed"}
    assert any(f".{metric}" in reason for reason in finished.verdict["reasons"]) or finished.status == 0
