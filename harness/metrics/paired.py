"""Compare two answers to the same items, metric by metric: what got worse, by how much, and whether that is proved."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from harness.dataset.item import Item
from harness.errors import EmptySetError
from harness.statistics import bounds as statistics
from harness.statistics import paired_power

SHOWN = 3
"""Most answers that turned bad in a failure message; the report shows more."""


KEPT = 20
"""Most answers that turned bad in the report."""


FEWEST = 5
"""Fewest independent items of a slice that is listed; smaller ones are only counted, since their bounds would span half
the scale."""


SLICES: Mapping[str, Callable[[Item], str]] = {
    "task": lambda item: item.task,
    "kind": lambda item: item.kind,
    "chapter": lambda item: str(item.fields.get("chapter", "")),
    "difficulty": lambda item: str(item.fields.get("difficulty", "")),
    "scenario": lambda item: str(item.fields.get("scenario", "")),
    "topic": lambda item: item.topic,
}
"""Dimension -> an item's value in it, "" where it has none."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One item, answered by the earlier release and by the candidate."""

    item: Item
    before: str
    after: str
    score_before: float
    score_after: float

    @property
    def difference(self) -> float:
        """Score after minus score before, -1 to 1; above 0 where the candidate is better."""
        return self.score_after - self.score_before


@dataclass(frozen=True, slots=True)
class Slice:
    dimension: str
    value: str
    n: int
    """Topics, as in `Comparison`."""
    mean: float
    lower: float
    upper: float
    tells: str
    """``not worse``, ``worse`` or ``too small to tell``, by the margin."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """The comparison of one metric over all pairs; differences of one topic are averaged first."""

    metric: str
    n: int
    mean: float
    lower: float
    upper: float
    worse: int
    better: int
    same: int
    """Numbers of items by the sign of their difference: McNemar's table, as a description, not a test."""
    slices: tuple[Slice, ...]
    unlisted: Mapping[str, int]
    """Dimension -> values with fewer than `FEWEST` topics."""
    turned_bad: tuple[Pair, ...]
    """Pairs whose answer got worse, worst first."""
    settle: int | None
    """Items in all that would prove the candidate not worse if the differences went on like this; None where none
    would."""


def compare(metric: str, pairs: Sequence[Pair], margin: float, confidence: float) -> Comparison:
    """The mean difference with its bounds, overall and by slice.

    Raises:
        EmptySetError: there are no pairs.
    """
    if not pairs:
        raise EmptySetError(f"{metric}: no pairs to compare")
    moved = differences(pairs)
    bounds = statistics.difference_bounds(moved, confidence)
    slices, unlisted = _slices(pairs, margin, confidence)
    bad = sorted((pair for pair in pairs if pair.difference < 0), key=lambda pair: pair.difference)
    better = sum(pair.difference > 0 for pair in pairs)
    return Comparison(
        metric=metric,
        n=len(moved),
        mean=sum(moved) / len(moved),
        lower=bounds.lower,
        upper=bounds.upper,
        worse=len(bad),
        better=better,
        same=len(pairs) - len(bad) - better,
        slices=slices,
        unlisted=unlisted,
        turned_bad=tuple(bad),
        settle=paired_power.settle_differences(moved, margin, confidence),
    )


def differences(pairs: Iterable[Pair]) -> list[float]:
    """The mean difference of each cluster.

    Raises:
        EmptySetError: there are no pairs.
    """
    return statistics.cluster_means((f"{pair.item.task}/{pair.item.topic}", pair.difference) for pair in pairs)


def _slices(pairs: Sequence[Pair], margin: float, confidence: float) -> tuple[tuple[Slice, ...], dict[str, int]]:
    found = []
    unlisted: dict[str, int] = {}
    for dimension, value_of in SLICES.items():
        groups: dict[str, list[Pair]] = {}
        for pair in pairs:
            groups.setdefault(value_of(pair.item), []).append(pair)
        groups.pop("", None)
        for value, members in sorted(groups.items()):
            moved = differences(members)
            if len(moved) < FEWEST:
                unlisted[dimension] = unlisted.get(dimension, 0) + 1
                continue
            bounds = statistics.difference_bounds(moved, confidence)
            mean = sum(moved) / len(moved)
            tells = _tells(bounds, margin)
            found.append(Slice(dimension, value, len(moved), mean, bounds.lower, bounds.upper, tells))
    return tuple(found), unlisted


def _tells(bounds: statistics.Bounds, margin: float) -> str:
    words = {"passed": "not worse", "failed": "worse", "inconclusive": "too small to tell"}
    return words[statistics.decide(bounds, -margin)]


def _settle(comparison: Comparison) -> str:
    if comparison.settle is None:
        return "No practical number of items would show it to be no worse: the loss is the margin or more."
    return (
        f"If these differences held, {comparison.settle} items in all would show it to be no worse: keep these and add "
        "new topics; the bound may be looked at again"
    )


def row(comparison: Comparison, margin: float) -> dict[str, object]:
    """The comparison as the journal keeps it, for the report."""
    plain = ("metric", "n", "mean", "lower", "upper", "worse", "better", "same")
    shown = ("dimension", "value", "n", "mean", "lower", "upper", "tells")
    return {
        **{name: getattr(comparison, name) for name in plain},
        "margin": margin,
        "slices": [{name: getattr(one, name) for name in shown} for one in comparison.slices],
        "unlisted": dict(comparison.unlisted),
        "turned_bad": [
            {
                "item": pair.item.id,
                "score_before": pair.score_before,
                "score_after": pair.score_after,
                "before": pair.before[:1000],
                "after": pair.after[:1000],
            }
            for pair in comparison.turned_bad[:KEPT]
        ],
    }
