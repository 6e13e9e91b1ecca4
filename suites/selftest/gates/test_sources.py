"""Every gate that passes names what it was measured on; one that names nothing is an error."""

from __future__ import annotations

import pytest

from harness.gates import judging
from harness.gates.gate import Gate
from harness.statistics.measurement import Measurement
from suites.tiny.child import Finished

GATE = Gate("data.dev-sea.parse", "parse", "dev-sea", blocking=True)


def test_a_gate_that_holds_and_names_no_source_does_not_pass() -> None:
    judgement = judging.judge(GATE, Measurement(1.0, 3, sources={}), 0.95)
    assert (judgement.outcome, judgement.measurement) == ("error", None)
    assert "names nothing that it was measured on" in judgement.message


def test_what_could_not_be_made_fails_without_a_source() -> None:
    judgement = judging.judge(GATE, Measurement(0.0, 1, message="no such tool", sources={}), 0.95)
    assert (judgement.outcome, judgement.message) == ("failed", "data.dev-sea.parse: failed, no such tool")


def test_no_number_is_written_down_without_saying_what_it_was_measured_on() -> None:
    with pytest.raises(TypeError, match="sources"):
        Measurement(1.0, 3)  # type: ignore[call-arg]


def test_every_gate_of_a_green_release_names_its_sources(green: Finished) -> None:
    passed = [gate for gate in green.verdict["gates"] if gate["outcome"] == "passed"]
    assert len(passed) > 50
    assert [gate["id"] for gate in passed if not gate["sources"]] == []
