"""The operating characteristic of a release: how likely a good and a bad adapter pass each gate, and all of them.

Gates share items, so their chances do not multiply. What holds whatever ties them together: all pass with at least
1 - the sum of the chances to miss (Boole's inequality), and at most with the chance of the least likely one. A bad
adapter is one exactly at the threshold of some gate, however good at the others: it is released with at most that
gate's chance.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from harness.gates.gate import Gate
from harness.metrics import registry
from harness.statistics import paired_power, power, sequential
from harness.statistics.power import WANTED, Kind

TWICE = 2


@dataclass(frozen=True, slots=True)
class Characteristic:
    """The chances of one gate to pass, 0 to 1, and the numbers of items that they rest on."""

    gate: Gate
    n: int
    """Independent items."""
    may_miss: int
    """Most items that may be wholly missed; for `not_worse`, most pairs that may be worse if none is better."""
    good: float | None
    """Chance to pass at the quality that the spec expects; None where it expects none."""
    bad: float
    """Chance to pass at the threshold itself."""
    good_with_twice: float | None
    """`good`, with twice the items."""
    kind: Kind
    """How its metric is bounded."""
    asked: float | None
    """Items asked of a good adapter on average where its gate stops when it is settled; None where all are asked."""
    needed: int | None
    """Items that make `good` at least `WANTED`; None where it is so already, or where no practical number does."""


@dataclass(frozen=True, slots=True)
class Release:
    good_least: float
    good_most: float
    bad_most: float


def of_gates(
    gates: Iterable[Gate], sizes: Mapping[str, int], confidence: float, stage: int | None = None
) -> list[Characteristic]:
    """The characteristic of each gate that goes by a bound, in their order.

    Args:
        sizes: gate id -> independent items, for the gates over answers.
        stage: items between looks, where a gate stops asking when it is settled (`harness.gates.looks`); None where all
            are asked at once.
    """
    bounded = [gate for gate in gates if gate.id in sizes and gate.rule in ("lower_bound", "not_worse")]
    return [_of_gate(gate, bounded, sizes, confidence, stage) for gate in bounded]


def _of_gate(
    gate: Gate, bounded: Sequence[Gate], sizes: Mapping[str, int], confidence: float, stage: int | None
) -> Characteristic:
    n = sizes[gate.id]
    if gate.rule == "not_worse":
        return _paired(gate, n, confidence)
    if stage is None or gate.split != "benchmark":
        return _threshold(gate, n, confidence)
    return _staged(gate, n, confidence, _looks(gate, bounded, sizes, stage))


def of_release(found: Sequence[Characteristic]) -> Release | None:
    """The chances of all blocking gates together; None where one has no expected quality, or no gate blocks."""
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
    return Characteristic(gate, n, may_miss, good, chance(n, gate.threshold), twice, kind, None, needed)


def _looks(gate: Gate, bounded: Iterable[Gate], sizes: Mapping[str, int], stage: int) -> int:
    """Number of looks at a gate. A stage counts all items that the adapter is asked, not this gate's alone."""
    largest = max(sizes[one.id] for one in bounded if (one.adapter, one.split) == (gate.adapter, gate.split))
    return max(1, math.ceil(largest / stage))


def _staged(gate: Gate, n: int, confidence: float, looks: int) -> Characteristic:
    """The characteristic of a threshold that is looked at after every n/looks items, as if its gate were the only
    one."""
    size = max(1, math.ceil(n / looks))

    def course(items: int, quality: float) -> sequential.Course:
        return sequential.course(sequential.evenly(items, size), gate.threshold, quality, confidence)

    good = twice = asked = None
    if gate.expected is not None:
        expected = course(n, gate.expected)
        good, asked, twice = expected.passes, expected.asked, course(TWICE * n, gate.expected).passes
    needed = None
    if gate.expected is not None and good is not None and good < WANTED:
        needed = next((items for items in _sizes(n) if course(items, gate.expected).passes >= WANTED), None)
    bad = course(n, gate.threshold).passes
    return Characteristic(
        gate, n, power.wrong_allowed(n, gate.threshold, confidence, "mean"), good, bad, twice, "mean", asked, needed
    )


def _paired(gate: Gate, n: int, confidence: float) -> Characteristic:
    """The characteristic of a comparison with an earlier release. A good successor is equally good, both at the
    expected quality, with errors on other items. A bad one is worse in a share of the items that equals the margin."""
    margin = -gate.threshold
    may_miss = paired_power.worse_allowed(n, 0, margin, confidence)
    bad = paired_power.pass_chance(n, margin, margin, 0.0, confidence)
    if gate.expected is None:
        return Characteristic(gate, n, may_miss, None, bad, None, "mean", None, None)
    differs = gate.expected * (1.0 - gate.expected)

    def chance(items: int) -> float:
        return paired_power.pass_chance(items, margin, differs, differs, confidence)

    good = chance(n)
    needed = next((items for items in _sizes(n) if chance(items) >= WANTED), None) if good < WANTED else None
    return Characteristic(gate, n, may_miss, good, bad, chance(TWICE * n), "mean", None, needed)


def _sizes(n: int) -> Iterable[int]:
    """Sizes to try above `n`, each a tenth larger, up to twenty times `n`."""
    size = n
    while size < 20 * n:
        size += max(1, size // 10)
        yield size
