"""The operating characteristic of a release: how likely a good and a bad adapter pass each gate, and all of them.

Gates share items, so their chances do not multiply. What holds whatever ties them together: all pass with at least
1 - the sum of the chances to miss (Boole's inequality), and at most with the chance of the least likely one. A bad
adapter is one exactly at the threshold of some gate, however good at the others: it is released with at most that
gate's chance.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from harness.gates.gate import Gate
from harness.metrics import registry
from harness.statistics import paired_power, power
from harness.statistics.power import WANTED

TWICE = 2


@dataclass(frozen=True, slots=True)
class Characteristic:
    """One gate's; chances are 0 to 1."""

    gate: Gate
    n: int
    """Independent items."""
    may_miss: int
    """Items that may be wholly missed; for `not_worse`, pairs that may be worse where none is better."""
    good: float | None
    """Chance to pass at the quality that the spec expects; None where it expects none."""
    bad: float
    """Chance to pass at the threshold itself."""
    good_with_twice: float | None
    """`good`, with twice the items."""
    needed: int | None
    """Items that make `good` at least `WANTED`; None where it is so already, or where no practical number does."""


@dataclass(frozen=True, slots=True)
class Release:
    good_least: float
    good_most: float
    bad_most: float


def of_gates(gates: Iterable[Gate], sizes: Mapping[str, int], confidence: float) -> list[Characteristic]:
    """For each gate that goes by a bound, in their order.

    Args:
        sizes: gate id -> independent items, for the gates over answers.
    """
    bounded = [gate for gate in gates if gate.id in sizes and gate.rule in ("lower_bound", "not_worse")]
    return [
        _paired(gate, sizes[gate.id], confidence)
        if gate.rule == "not_worse"
        else _threshold(gate, sizes[gate.id], confidence)
        for gate in bounded
    ]


def of_release(found: Sequence[Characteristic]) -> Release | None:
    """Of the blocking gates together; None where one has no expected quality, or nothing blocks."""
    blocking = [one for one in found if one.gate.blocking]
    chances = [one.good for one in blocking if one.good is not None]
    if not blocking or len(chances) < len(blocking):
        return None
    return Release(
        good_least=max(0.0, 1.0 - sum(1.0 - chance for chance in chances)),
        good_most=min(chances),
        bad_most=max(one.bad for one in blocking),
    )


def _threshold(gate: Gate, n: int, confidence: float) -> Characteristic:
    kind = registry.METRICS[gate.metric].kind

    def chance(items: int, quality: float) -> float:
        return power.pass_chance(items, gate.threshold, quality, confidence, kind)

    good = None if gate.expected is None else chance(n, gate.expected)
    twice = None if gate.expected is None else chance(TWICE * n, gate.expected)
    needed = None
    if gate.expected is not None and good is not None and good < WANTED:
        needed = power.items_for_chance(WANTED, n, gate.threshold, gate.expected, confidence, kind)
    may_miss = power.wrong_allowed(n, gate.threshold, confidence, kind)
    return Characteristic(gate, n, may_miss, good, chance(n, gate.threshold), twice, needed)


def _paired(gate: Gate, n: int, confidence: float) -> Characteristic:
    """A good successor is as good as the earlier release, both at the expected quality, with errors of its own; a bad
    one is worse in a share of the items that is the margin."""
    margin = -gate.threshold
    may_miss = paired_power.worse_allowed(n, 0, margin, confidence)
    bad = paired_power.pass_chance(n, margin, margin, 0.0, confidence)
    if gate.expected is None:
        return Characteristic(gate, n, may_miss, None, bad, None, None)
    differs = gate.expected * (1.0 - gate.expected)

    def chance(items: int) -> float:
        return paired_power.pass_chance(items, margin, differs, differs, confidence)

    good = chance(n)
    needed = next((items for items in _sizes(n) if chance(items) >= WANTED), None) if good < WANTED else None
    return Characteristic(gate, n, may_miss, good, bad, chance(TWICE * n), needed)


def _sizes(n: int) -> Iterable[int]:
    """Sizes above `n` in steps of a tenth, up to twenty times as many."""
    size = n
    while size < 20 * n:
        size += max(1, size // 10)
        yield size
