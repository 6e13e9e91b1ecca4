"""Gates against an earlier release: the candidate got no worse by more than a margin, and the spec asks no less.

There are none where there is no earlier release, but for the count of attempts, where the spec names a ledger. The
margins block where the spec has a ``[gates.regression]``
table, and advise where it has none.
"""

from __future__ import annotations

from collections.abc import Iterator

from harness.errors import SpecError
from harness.gates import evaluation
from harness.gates.gate import Gate
from harness.spec.gates import RegressionGates
from harness.spec.objects import ALL, Spec
from harness.statistics import paired_power

METRICS = ("coverage", "format", "refused", "answered")
NOT_WEAKENED = "regression.spec_not_weakened"


def expected(spec: Spec) -> Iterator[Gate]:
    if spec.ledger is not None:
        yield Gate("regression.fresh_items", "fresh_items", "benchmark", blocking=False, metric="fresh_items")
    if spec.against is None:
        return
    yield Gate(
        NOT_WEAKENED, "spec_not_weakened", "spec", blocking=not accepted_weaker(spec), metric="spec_not_weakened"
    )
    yield from _not_worse(spec)


def _not_worse(spec: Spec) -> Iterator[Gate]:
    """One gate for each metric that the candidate has a threshold in."""
    table = settings(spec)
    own = [row for row in spec.thresholds if row.adapter == spec.candidate and row.split == "benchmark"]
    for metric in METRICS:
        if any(metric in row.above for row in own):
            yield Gate(
                f"regression.{spec.candidate}.{metric}",
                "not_worse",
                f"{spec.candidate}-{metric}",
                blocking=table.blocking,
                rule="not_worse",
                metric=metric,
                threshold=-table.margin,
                expected=min((row.expected[metric] for row in own if metric in row.expected), default=None),
                adapter=spec.candidate,
                task=ALL,
                split="benchmark",
            )


def settings(spec: Spec) -> RegressionGates:
    """``[gates.regression]``; where there is no such table its defaults, which advise."""
    return spec.gates.regression or RegressionGates(blocking=False)


def accepted_weaker(spec: Spec) -> str:
    """The spec's reason to ask less than before; "" where it has none, or none but the earlier release's own.

    A reason serves one release: left standing, it would excuse whatever is weakened next.
    """
    reason = settings(spec).accept_weaker
    before = spec.against.table.get("gates", {}).get("regression", {}) if spec.against else {}
    return "" if reason == before.get("accept_weaker") else reason


def check_provable(spec: Spec) -> None:
    """Refuse a margin that not even equal answers could prove.

    Raises:
        SpecError: with the items that it needs.
        DataError: a benchmark cannot be read.
    """
    table = settings(spec)
    if not table.blocking:
        return
    for name, n in evaluation.sizes(spec, tuple(_not_worse(spec))).items():
        if n == 0 or not paired_power.proves_not_worse(0, n, 0, table.margin, spec.confidence):
            needed = paired_power.equal_items_needed(table.margin, spec.confidence)
            raise SpecError(
                spec.path,
                "gates.regression.margin",
                f"{name}: {n} equal answers can never prove a loss below {table.margin} at {spec.confidence:.0%} "
                f"confidence; {needed} are needed, or a wider margin",
            )
