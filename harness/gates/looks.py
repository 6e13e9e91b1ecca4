"""Ask a benchmark until its gates are settled: in which order, and when to stop.

``[policy] looks = "anytime"``. An adapter's items are asked in stages of whole clusters, in an order by digest that no
answer can change; after each stage every gate that decides on the adapter is looked at, and once all of them are
settled at the same time, nothing more is asked. What was asked up to there is what every gate is judged on.

Looking as often as one likes costs nothing, because the bounds are all betting bounds then, those of shares too: with
fixed bets the capital against a mean is a non-negative martingale where that is the mean, so that it ever reaches
1/alpha has a chance of at most alpha (Ville's inequality; Waudby-Smith and Ramdas, "Estimating means of bounded random
variables by betting", JRSS-B 2024; for shares it is the mixture of Robbins, "Statistical methods related to the law of
the iterated logarithm", Annals of Mathematical Statistics 41, 1970, with a uniform prior over bets).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

from harness.dataset.item import Item
from harness.errors import EmptySetError
from harness.gates.gate import Gate
from harness.spec.objects import Spec
from harness.spec.policy import ANYTIME
from harness.statistics import bounds
from harness.statistics.bounds import Bounds
from harness.statistics.power import Kind
from harness.store import digests

BoundsOf = Callable[[Gate, Sequence[Item]], Bounds]
"""(gate, items asked so far) -> the bounds of its metric there."""


def early(spec: Spec, split: str) -> bool:
    """Whether a split is asked only until its gates are settled."""
    return spec.looks == ANYTIME and split == "benchmark"


def kind(spec: Spec, of_metric: Kind) -> Kind:
    """How a metric is bounded: shares by betting bounds as well, where they may be looked at at any time."""
    return "mean" if spec.looks == ANYTIME else of_metric


def stages(items: Iterable[Item], size: int, before: Collection[tuple[str, str]] = ()) -> list[tuple[Item, ...]]:
    """The items in the order in which they are asked, in stages of at least `size` items; no stage splits a cluster.

    The order goes by the digest of what a cluster asks: neither ids, nor the files' order, nor any answer change it.

    Args:
        before: (task, id) of items that the adapter was asked when there were fewer. They are the first stage, with
            what joined their clusters: only a look at more than all earlier ones goes on with their capital.
    """
    clusters: dict[tuple[str, str], list[Item]] = {}
    for item in items:
        clusters.setdefault((item.task, item.topic), []).append(item)
    found: list[tuple[Item, ...]] = []
    waiting: list[Item] = []
    known = {key for key, members in clusters.items() if any((one.task, one.id) in before for one in members)}
    if known:
        found.append(tuple(one for members in sorted((clusters[key] for key in known), key=_place) for one in members))
    for members in sorted((members for key, members in clusters.items() if key not in known), key=_place):
        waiting += members
        if len(waiting) >= size:
            found.append(tuple(waiting))
            waiting = []
    return [*found, tuple(waiting)] if waiting else found


def _place(cluster: Sequence[Item]) -> str:
    asked = sorted(digests.of_value([dict(turn) for turn in item.messages]) for item in cluster)
    return digests.of_value(["look", cluster[0].task, asked])


def deciding(gates: Iterable[Gate], adapter: str) -> list[Gate]:
    """The gates that decide when to stop asking an adapter: those by bounds over its answers that block, or all of them
    where none blocks."""
    own = [
        gate
        for gate in gates
        if (gate.adapter, gate.split) == (adapter, "benchmark") and gate.rule in ("lower_bound", "not_worse")
    ]
    return [gate for gate in own if gate.blocking] or own


def until_settled(
    staged: Sequence[tuple[Item, ...]], gates: Sequence[Gate], bounds_of: BoundsOf
) -> Iterator[tuple[Item, ...]]:
    """The stages that are asked: each is yielded before it is asked, and the next only if not all gates are settled.

    Args:
        bounds_of: raises `EmptySetError` where nothing of a gate was asked yet, which settles nothing.
    """
    seen: list[Item] = []
    tasks = {item.task for stage in staged for item in stage}
    for stage in staged:
        yield stage
        seen += stage
        if gates and {item.task for item in seen} == tasks and all(_settled(gate, seen, bounds_of) for gate in gates):
            return


def _settled(gate: Gate, seen: Sequence[Item], bounds_of: BoundsOf) -> bool:
    try:
        return bounds.decide(bounds_of(gate, seen), gate.threshold) != "inconclusive"
    except EmptySetError:
        return False
