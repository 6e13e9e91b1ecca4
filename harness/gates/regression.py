"""Gates against an earlier release: the candidate is not worse by more than a margin, and the spec demands no less.

There are none where there is no earlier release, but for the count of attempts, where the spec names a ledger. The
margins block where the spec has a ``[gates.regression]``
table, and advise where it has none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from harness.errors import SpecError
from harness.gates import aims, evaluation
from harness.gates.gate import Gate
from harness.spec.gates import RegressionGates
from harness.spec.objects import ALL, Spec
from harness.statistics import paired_power

NOT_WEAKENED = "regression.spec_not_weakened"

Before = Mapping[str, Any] | None
"""The spec of the earlier release, as TOML gives it; None where there is no earlier release."""


def expected(spec: Spec, before: Before) -> Iterator[Gate]:
    if spec.ledger is not None:
        yield Gate("regression.fresh_items", "fresh_items", "benchmark", blocking=False, metric="fresh_items")
    if before is None:
        return
    yield Gate(
        NOT_WEAKENED,
        "spec_not_weakened",
        "spec",
        blocking=not accepted_weaker(spec, before),
        metric="spec_not_weakened",
    )
    yield from _not_worse(spec)


def _not_worse(spec: Spec) -> Iterator[Gate]:
    """One gate for each metric that the candidate has a threshold in; it blocks where one of those does."""
    table = settings(spec)
    own = [row for row in spec.thresholds if row.adapter == spec.candidate and row.split == "benchmark"]
    for metric, aimed_at in aims.gated(spec).items():
        yield Gate(
            f"regression.{spec.candidate}.{metric}",
            "not_worse",
            f"{spec.candidate}-{metric}",
            blocking=aimed_at and table.blocking,
            rule="not_worse",
            metric=metric,
            threshold=-table.margin,
            expected=min((row.expected[metric] for row in own if metric in row.expected), default=None),
            adapter=spec.candidate,
            task=ALL,
            split="benchmark",
        )


def settings(spec: Spec) -> RegressionGates:
    """``[gates.regression]``, or its defaults, which advise, where the spec has no such table."""
    return spec.gates.regression or RegressionGates(blocking=False)


def accepted_weaker(spec: Spec, before: Before) -> str:
    """The spec's reason for demanding less than before; "" where it has none, or only repeats the earlier release's.

    A reason serves one release: left standing, it would excuse whatever is weakened next.
    """
    reason = settings(spec).accept_weaker
    used = (before or {}).get("gates", {}).get("regression", {}).get("accept_weaker")
    return "" if reason == used else reason


def check_provable(spec: Spec, before: Before) -> list[str]:
    """Refuse a margin that not even equal answers could prove; return a warning where its gate only advises.

    Returns:
        Warnings, as `evaluation.check_provable` has them.

    Raises:
        SpecError: with the items that it needs.
        DataError: a benchmark cannot be read.
    """
    table = settings(spec)
    if not table.blocking:
        return []
    gates = {gate.id: gate for gate in _not_worse(spec)}
    warnings = []
    for name, n in evaluation.sizes(spec, gates.values()).items():
        if n == 0 or not paired_power.proves_not_worse(0, n, 0, table.margin, spec.confidence):
            needed = paired_power.equal_items_needed(table.margin, spec.confidence)
            problem = (
                f"{n} equal answers can never prove a loss below {table.margin} at {spec.confidence:.0%} confidence; "
                f"{needed} are needed, or a wider margin"
            )
            if gates[name].blocking:
                raise SpecError(spec.path, "gates.regression.margin", f"{name}: {problem}")
            warnings.append(f"{name} only advises, and can never pass: {problem}")
    return warnings if before is not None else []
