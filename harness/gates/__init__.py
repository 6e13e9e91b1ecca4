"""The gates that a release spec expects, computed from the spec and never from what happened to run.

A new area is one module with ``expected(spec)`` and one line in `AREAS`; its tests live in
``suites/release/test_<area>.py``.
"""

from __future__ import annotations

from itertools import chain

from harness.errors import SpecError
from harness.forms import registry
from harness.gates import (
    aims,
    base,
    bnb,
    bundle,
    data,
    evaluation,
    fidelity,
    forgetting,
    gguf,
    limits,
    regression,
    training,
    waivers,
)
from harness.gates.gate import Gate, Outcome, Rule
from harness.metrics import declared
from harness.spec.objects import Spec

__all__ = ["AREAS", "Gate", "Outcome", "Rule", "expected"]

AREAS = (
    data,
    base,
    training,
    evaluation,
    forgetting,
    bnb,
    gguf,
    fidelity,
    regression,
    bundle,
)
"""The areas in the order in which they run: the first red gate is the first cause."""


def expected(spec: Spec, before: regression.Before = None) -> tuple[Gate, ...]:
    """Every gate of a release, in the order in which they run.

    Args:
        before: the spec of the release that this one is compared with, if any: the area of regression alone asks.

    Raises:
        SpecError: two gates share an id, no such metric, form or data check is known, no task declares what a
            metric needs, the form has no use for a table of the spec, or the selection goes by what no gate could.
    """
    wrong = [
        *registry.wrong(spec),
        *aims.wrong_names(spec),
        *evaluation.unknown_metrics(spec),
        *data.unknown_names(spec),
    ]
    wrong += [*declared.wrong(spec), *limits.needless(spec)]
    if wrong:
        first, *others = dict.fromkeys(wrong)
        raise SpecError(spec.path, *first, *others)
    found = (regression.expected(spec, before) if area is regression else area.expected(spec) for area in AREAS)
    gates = tuple(chain.from_iterable(found))
    ids = [gate.id for gate in gates]
    for twice in (name for i, name in enumerate(ids) if name in ids[:i]):
        raise SpecError(spec.path, "gates", f"gate {twice} stands twice; remove one of the rows")
    unwaivable = list(waivers.wrong(spec, gates))
    if unwaivable:
        first, *others = unwaivable
        raise SpecError(spec.path, *first, *others)
    return gates
