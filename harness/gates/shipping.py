"""What shipping needs: the gates that prove a candidate task by task, and those that an adapter must pass to be packed.

Both are read off the gates alone, so packing, the verdict and the report cannot disagree.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from harness.gates.gate import Gate
from harness.spec.objects import ALL

UNPROVEN = "UNPROVEN"
"""Stamp in the last line and in the bundle's name where the gates leave `doubts`."""

WITH_WAIVER = "WITH-WAIVER"
"""Stamp where a gate did not pass and a waiver excuses it (`harness.gates.waivers`)."""

STAMPS = ("", f"-{UNPROVEN}", f"-{WITH_WAIVER}", f"-{UNPROVEN}-{WITH_WAIVER}")
"""Possible endings of a bundle's name."""

BESIDE = ("determinism", "same_in_other_batches", "forgetting")
"""Checks of gates over answers that judge a release as a whole, where they block; they do not keep a single adapter out
of the bundle."""


def doubts(gates: Iterable[Gate], candidate: str, tasks: Sequence[str]) -> tuple[str, ...]:
    """Why a release would be UNPROVEN, in words; empty where each of the candidate's tasks is proved by a gate.

    A pooled row proves a task only where it is the adapter's only one: a mean over two tasks can lie above any
    threshold short of their larger share while every answer to the smaller one is wrong.

    Args:
        tasks: the candidate's.
    """
    known = list(gates)
    proved = {task for gate in known if _proves(gate, candidate) for task in _spoken_of(gate, tasks)}
    unproven = [
        f"no blocking threshold above 0 by the lower bound is asked of {candidate} on {task}: the release does not "
        f"rest on its answers there; add a row to [[gates.eval]]"
        for task in tasks
        if task not in proved
    ]
    bare = [
        f"{gate.id} blocks by the bare value, which shows nothing beyond the items that it asked"
        for gate in known
        if gate.blocking and gate.rule == "point"
    ]
    return (*unproven, *bare)


def needed(gates: Iterable[tuple[str, bool]], adapter: str) -> list[str]:
    """Ids of the gates that an adapter must pass to be packed: its blocking ones over answers, all where none blocks.

    Args:
        gates: id and whether it blocks.
    """
    own = [(name, blocking) for name, blocking in gates if _judges(name, adapter)]
    return [name for name, blocking in own if blocking] or [name for name, _ in own]


def _proves(gate: Gate, candidate: str) -> bool:
    return (
        gate.adapter == candidate
        and gate.check == "threshold"
        and gate.split == "benchmark"
        and gate.blocking
        and gate.rule == "lower_bound"
        and gate.threshold > 0.0
    )


def _spoken_of(gate: Gate, tasks: Sequence[str]) -> Sequence[str]:
    if gate.task != ALL:
        return (gate.task,)
    return tasks if len(tasks) == 1 else ()


def _judges(name: str, adapter: str) -> bool:
    area, _, rest = name.partition(".")
    return area == "eval" and rest.startswith(f"{adapter}.") and rest.rpartition(".")[2] not in BESIDE
