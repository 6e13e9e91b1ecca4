"""The old report's own item counts, by the bare value: advisory, kept to show what they could not prove."""

from __future__ import annotations

from fixtures.release import Conclude
from fixtures.scores import Scores
from harness.gates.gate import Gate


def test_threshold(gate: Gate, scores: Scores, conclude: Conclude) -> None:
    """The metric's bare value exceeds its threshold."""
    conclude(scores.measured(gate))
