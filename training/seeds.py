"""Compare trainings of one recipe with several seeds, each judged on `dev`: how much of the result is the seed's.

A pure computation over scores. A release rests on one training; whether other seeds would have been green as well says
how far the recipe explains it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.gates.aims import Aim
from harness.statistics import bounds as statistics


@dataclass(frozen=True, slots=True)
class Spread:
    """Results of one gated metric over all trainings."""

    key: str
    """``task.metric``."""
    values: tuple[float, ...]
    """Mean over `dev`, in the order of the seeds."""
    bounds: tuple[float, ...]
    """Lower bound on `dev` by the gate's own rule, in the same order."""
    minimum: float
    threshold: float
    n: int
    """Independent `dev` items."""


@dataclass(frozen=True, slots=True)
class Again:
    """The results of the trainings with all seeds."""

    seeds: tuple[int, ...]
    spreads: tuple[Spread, ...]

    @property
    def qualified(self) -> tuple[bool, ...]:
        """For each seed, whether every gated metric exceeds its minimum, so that the experiment could be selected."""
        return tuple(all(one.values[k] > one.minimum for one in self.spreads) for k in range(len(self.seeds)))

    @property
    def proved(self) -> tuple[bool, ...]:
        """For each seed, whether every gated metric clears its threshold on `dev` by the gate's own bound."""
        return tuple(all(one.bounds[k] > one.threshold for one in self.spreads) for k in range(len(self.seeds)))


def again(
    seeds: Sequence[int], aims: Sequence[Aim], scores: Sequence[Mapping[str, Mapping[str, float]]], confidence: float
) -> Again:
    """Compare the trainings of several seeds.

    Args:
        scores: of each seed: key of an aim -> independent `dev` item -> score.
    """
    spreads = []
    for aim in aims:
        by_seed = [list(of[aim.key].values()) for of in scores]
        spreads.append(
            Spread(
                aim.key,
                tuple(sum(values) / len(values) for values in by_seed),
                tuple(statistics.bounds_of(aim.kind, values, confidence).lower for values in by_seed),
                aim.minimum,
                aim.threshold,
                len(by_seed[0]),
            )
        )
    return Again(tuple(seeds), tuple(spreads))


def lines(found: Again) -> list[str]:
    """A table as lines of text: every gated metric's range over the seeds, and how many trainings would have been
    green."""
    total = len(found.seeds)
    told = [
        f"{sum(found.qualified)} of {total} trainings exceed every threshold on dev (seeds "
        f"{', '.join(map(str, found.seeds))}); {sum(found.proved)} of {total} do so by the gates' own bound"
    ]
    for one in found.spreads:
        told.append(
            f"  {one.key}: {min(one.values):.4f} to {max(one.values):.4f} over n={one.n}, lowest bound "
            f"{min(one.bounds):.4f}, wanted > {one.threshold}"
        )
    return told
