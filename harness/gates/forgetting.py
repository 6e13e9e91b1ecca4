"""Gates of forgetting: no judged adapter makes the base lose more on general text than the spec's margin.

They exist where the spec has a ``[gates.forgetting]`` table; the candidate's blocks unless the table says otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator

from harness.dataset import general_text
from harness.errors import DataError, SpecError
from harness.gates.gate import Gate
from harness.spec.objects import Spec
from harness.statistics import power

AREA = "forgetting"

MOST = 1.0
"""Largest loss that is counted, in nats per token (perplexity times e): an adapter that loses more has lost the
language."""


def expected(spec: Spec) -> Iterator[Gate]:
    table = spec.gates.forgetting
    if table is None:
        return
    for name in dict.fromkeys(row.adapter for row in spec.thresholds if row.split == "benchmark"):
        yield Gate(
            f"eval.{name}.forgetting",
            "forgetting",
            name,
            blocking=table.blocking and name == spec.candidate,
            rule="not_worse",
            metric="forgetting",
            threshold=-table.margin,
            adapter=name,
        )


def check_provable(spec: Spec) -> None:
    """Refuse a margin that not even an adapter without any loss could prove with so few passages.

    Raises:
        SpecError: with what is missing.
    """
    table = spec.gates.forgetting
    if table is None:
        return
    try:
        n = len(general_text.passages(table.texts))
    except DataError as error:
        raise SpecError(spec.path, "gates.forgetting.texts", str(error)) from error
    if power.wrong_allowed(n, 1.0 - table.margin / MOST, spec.confidence, "mean") < 0:
        raise SpecError(
            spec.path,
            "gates.forgetting.margin",
            f"{n} passages can never prove a loss below {table.margin} nats at {spec.confidence:.0%} confidence; "
            "add passages, or widen the margin",
        )
