"""Whoever serves a release reads in what it was judged."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from harness.forms import registry
from harness.releases import judged_as
from harness.report import markdown
from harness.spec import load
from harness.spec.serve import Precision, Serve
from suites.selftest.report.small_run import build, journal
from suites.tiny.child import Line

SERVED = Precision("bfloat16", "float32", "eager")


def test_the_line_has_what_the_deployed_form_computes_in(line: Line) -> None:
    spec = replace(load.load(line.spec), serve=Serve(SERVED, SERVED))
    document = {"model": {"form": registry.described(spec)}}
    said = "nf4, compute = bfloat16, rest = float32, attention = eager"
    assert judged_as.line(document) == said
    assert f"Judged as: {said}" in markdown.render({**build(journal()), **document}, "")


@pytest.mark.parametrize(
    ("document", "said"),
    [({}, None), ({"model": {"form": "nf4"}}, None), ({"model": {"form": {"name": "gguf"}}}, "gguf")],
)
def test_what_is_not_known_of_a_form_is_not_said(document: dict[str, Any], said: str | None) -> None:
    assert judged_as.line(document) == said
