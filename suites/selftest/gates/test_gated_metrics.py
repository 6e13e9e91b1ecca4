"""A metric that the candidate is gated on is compared with the earlier release and between forms, whichever it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.errors import SpecError
from harness.gates import aims, fidelity, regression
from harness.gates.gate import Gate
from harness.metrics import registry
from harness.spec import load
from harness.spec.gates import RegressionGates
from harness.spec.gguf import GgufGates
from harness.spec.objects import Spec
from harness.spec.thresholds import Row
from suites.tiny.child import Line

METRICS = st.lists(st.sampled_from(sorted(registry.OWN)), unique=True, max_size=4)


@pytest.fixture(scope="module")
def spec(line: Line) -> Spec:
    loaded = load.load(line.spec)
    return replace(loaded, gates=replace(loaded.gates, gguf=GgufGates(blocking=True)))


def row(metrics: Iterable[str], blocking: bool, split: Literal["benchmark", "parity"] = "benchmark") -> Row:
    return Row("both", "all", dict.fromkeys(metrics, 0.5), split=split, blocking=blocking, rule="lower_bound")


def asking(spec: Spec, *rows: Row, **tables: Any) -> Spec:
    """The spec with other thresholds and tables of gates."""
    return replace(spec, gates=replace(spec.gates, eval=rows, **tables))


def blocks(gates: Iterable[Gate], check: str) -> dict[str, bool]:
    """Metric -> whether its gates block; checks that the gates of all forms agree."""
    found: dict[str, set[bool]] = {}
    for gate in gates:
        if gate.check == check:
            found.setdefault(gate.metric, set()).add(gate.blocking)
    return {metric: one for metric, (one,) in found.items()}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(hard=METRICS, soft=METRICS, parity=METRICS)
def test_every_gated_metric_is_compared_and_blocks_only_where_a_threshold_of_it_does(
    spec: Spec, hard: list[str], soft: list[str], parity: list[str]
) -> None:
    rows = (row(hard, True), row(soft, False), row(parity, False, "parity"))
    compared = [name for name, one in registry.METRICS.items() if name in {*hard, *soft} and not one.needs_ending]
    wanted = {name: name in hard or (not hard and name in soft) for name in compared}
    gated = asking(spec, *(rows if hard else rows[1:]))  # a row without metrics would block nothing
    assert aims.gated(gated) == wanted
    assert blocks(regression.expected(gated, {}), "not_worse") == wanted
    assert blocks(fidelity.expected(gated), "not_lost") == wanted


def test_a_margin_that_only_advises_and_can_never_be_proved_is_told_and_refuses_nothing(spec: Spec) -> None:
    narrow = RegressionGates(margin=0.01)
    advised = asking(spec, row([], True), row(["coverage"], False), regression=narrow)
    (warning,) = regression.check_provable(advised, {})
    assert warning.startswith("regression.both.coverage only advises, and can never pass: ")
    assert regression.check_provable(advised, None) == []
    with pytest.raises(SpecError, match=r"gates\.regression\.margin: regression\.both\.coverage: .* can never prove"):
        regression.check_provable(asking(advised, row(["coverage"], True)), {})
