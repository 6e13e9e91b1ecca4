"""The gates that a release spec expects, computed from the spec and never from what happened to run.

A new area is one module with ``expected(spec)`` and one line in `AREAS`; its tests live in
``suites/release/test_<area>.py``.
"""

from __future__ import annotations

from harness.errors import SpecError
from harness.gates import (
    aims,
    bnb,
    bundle,
    data,
    evaluation,
    forgetting,
    gguf,
    limits,
    regression,
    training,
)
from harness.gates import fidelity as gguf_parity
from harness.gates.gate import Gate, Outcome, Rule
from harness.spec.objects import Spec

__all__ = ["AREAS", "Gate", "Outcome", "Rule", "expected"]

AREAS = (data, training, evaluation, forgetting, bnb, gguf, gguf_parity, regression, bundle)
"""In the order in which they run: the first red gate is the first cause."""


def expected(spec: Spec) -> tuple[Gate, ...]:
    """Every gate of a release, in the order in which they run.

    Raises:
        SpecError: two gates share an id, no such metric is known or no task declares what it needs, or the selection
            goes by what no gate could.
    """
    unknown = dict.fromkeys([*aims.wrong_names(spec), *evaluation.unknown_metrics(spec), *limits.needless(spec)])
    if unknown:
        first, *others = unknown
        raise SpecError(spec.path, *first, *others)
    gates = tuple(gate for area in AREAS for gate in area.expected(spec))
    ids = [gate.id for gate in gates]
    for twice in (name for i, name in enumerate(ids) if name in ids[:i]):
        raise SpecError(spec.path, "gates", f"gate {twice} stands twice; remove one of the rows")
    return gates
