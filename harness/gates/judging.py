"""Decide whether a measured number is good enough to ship.

Nothing here measures: fixtures run the model, this module compares, pytest reports.

A release needs every blocking gate, so each gate tested at 5 % holds a false release to 5 %
(intersection-union test; Berger, "Multiparameter hypothesis testing and acceptance sampling",
Technometrics 1982): no correction for the number of gates is due.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from harness.errors import GreenrunError
from harness.gates.gate import Gate, Outcome
from harness.metrics import registry
from harness.statistics import bounds, power
from harness.statistics.measurement import Measurement


def judge(gate: Gate, measured: Measurement, confidence: float) -> Judgement:
    """Compare a measurement with its gate's threshold, by the gate's rule, nothing rounded.

    What was measured over nothing, or says not on what, does not pass.
    """
    if measured.n <= 0:
        return Judgement(gate.id, "error", measured, f"{gate.id}: measured over nothing, so nothing was shown")
    if not math.isfinite(measured.value):
        return Judgement(gate.id, "error", None, f"{gate.id}: measured {measured.value}, which is no number")
    outcome = _outcome(gate, measured)
    if outcome == "passed" and not measured.sources:
        message = f"{gate.id}: names nothing that it was measured on; give the measurement its `sources`"
        return Judgement(gate.id, "error", None, message)
    judged_at = confidence if measured.confidence is None else measured.confidence
    return Judgement(gate.id, outcome, measured, explain(gate, measured, outcome, judged_at))


def outcome_only(gate: Gate, judgement: Judgement) -> Judgement:
    """A judgement that says no more than its outcome, for a benchmark whose error is spent attempt by attempt.

    A passed gate keeps its figures: nothing needs mending.
    """
    if gate.split != "benchmark" or judgement.outcome == "passed":
        return judgement
    text = f'{gate.id}: {judgement.outcome}; figures and answers are withheld (policy.attempts = "spend")'
    return Judgement(gate.id, judgement.outcome, None, text)


def errored(gate: Gate, message: str, outcome: Outcome = "error") -> Judgement:
    """The judgement of a gate that could not be measured."""
    return Judgement(gate.id, outcome, None, f"{gate.id}: {message}")


def _outcome(gate: Gate, measured: Measurement) -> Outcome:
    if gate.rule == "every":
        return "passed" if measured.value >= gate.threshold else "failed"
    if gate.rule == "point":
        return "passed" if measured.value > gate.threshold else "failed"
    if measured.lower_bound is None or measured.upper_bound is None:
        raise GreenrunError(f"{gate.id}: the rule {gate.rule} needs bounds, and none were measured")
    return bounds.decide(bounds.Bounds(measured.lower_bound, measured.upper_bound), gate.threshold)


def explain(gate: Gate, measured: Measurement, outcome: Outcome, confidence: float) -> str:
    """The message of a gate: value, bound, n, rule, threshold and the worst answers."""
    if gate.rule == "every" and measured.n == 1 and measured.message and outcome != "passed":
        return f"{gate.id}: {outcome}, {measured.message}"  # one thing that does not hold is told by what it is
    if gate.rule == "every":
        wanted = "all must" if gate.threshold >= 1.0 else f"a share of {gate.threshold} must"
        head = f"{gate.id}: {outcome}, {round(measured.value * measured.n)} of {measured.n} hold; {wanted}"
    elif gate.rule == "point":
        head = (
            f"{gate.id}: {outcome}, {gate.metric} {measured.value:.4f} over n={measured.n}, "
            f"rule: the bare value must exceed {gate.threshold} (proves nothing about other items)"
        )
    elif gate.rule == "not_worse":
        head = (
            f"{gate.id}: {outcome}, {gate.metric} moved by {measured.value:+.4f}, {100 * confidence:.4g}% bounds "
            f"[{measured.lower_bound:+.4f}, {measured.upper_bound:+.4f}] over n={measured.n}, "
            f"rule: the lower bound must exceed {gate.threshold:+}"
        )
    else:
        head = (
            f"{gate.id}: {outcome}, {gate.metric} {measured.value:.4f}, {100 * confidence:.4g}% bounds "
            f"[{measured.lower_bound:.4f}, {measured.upper_bound:.4f}] over n={measured.n}, "
            f"rule: the lower bound must exceed {gate.threshold}"
        )
    parts = [head, measured.message, _more_items(gate, measured, confidence) if outcome == "inconclusive" else ""]
    if outcome != "passed":
        parts += [f"  worst: {text}" for text in measured.wrong]
    return "\n".join(part for part in parts if part)


def _more_items(gate: Gate, measured: Measurement, confidence: float) -> str:
    if gate.rule == "not_worse":
        return ""  # whoever compared the pairs says it: it takes their differences
    kind: power.Kind = "mean" if measured.anytime else registry.METRICS[gate.metric].kind
    observed = round(measured.value * measured.n) if kind == "share" else measured.value
    needed = power.settle_items(observed, measured.n, gate.threshold, confidence, kind)
    if needed is None:
        return "No practical number of items would settle it: the value is at the threshold."
    settled = f"If {measured.value:.4f} held, {needed} items in all would settle it"
    if measured.anytime:
        return (
            f"{settled}: keep these, add items of new topics, and look again; this bound holds at any number of looks."
        )
    return (
        f"{settled}, had they been asked at once. This look is spent: a second one at the same adapter, over more "
        f"items, is another chance of {1.0 - confidence:.4g} to pass by luck, and counts as another attempt. "
        'With [policy] looks = "anytime" more items may be added as often as you like.'
    )


@dataclass(frozen=True, slots=True)
class Judgement:
    """The outcome of a gate's test."""

    gate: str
    outcome: Outcome
    measurement: Measurement | None
    message: str
