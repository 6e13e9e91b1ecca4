"""Compare the candidate with an earlier release on the same questions, answer by answer.

The earlier answers are scored anew with today's metrics, so that a change of the scoring is not mistaken for a change
of the adapter. Items pair up where task, id and digest are equal: what was asked and wanted is then the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from harness import paired_power, statistics
from harness.dataset.item import Item
from harness.earlier import Earlier
from harness.errors import EmptySetError, GreenrunError
from harness.evidence import Measurement
from harness.judged_items import digest_of
from harness.metrics.score import Forms, Metric, score_of

SHOWN = 3
"""Answers that turned bad in a failure message; the report shows more."""
KEPT = 20
"""Answers that turned bad in the report."""
FEWEST = 5
"""Independent items of a slice below which it is counted and not listed: its bounds would span half the scale."""

SLICES: Mapping[str, Callable[[Item], str]] = {
    "task": lambda item: item.task,
    "kind": lambda item: item.kind,
    "chapter": lambda item: str(item.fields.get("chapter", "")),
    "difficulty": lambda item: str(item.fields.get("difficulty", "")),
    "scenario": lambda item: str(item.fields.get("scenario", "")),
    "topic": lambda item: item.topic,
}
"""Dimension -> an item's value in it, "" where it has none."""


class NothingInCommonError(GreenrunError):
    """Raised when two benchmarks share no item that a metric concerns."""


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
        """-1 to 1; above 0 where the candidate is better."""
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
    """One metric over the pairs; differences of one topic are averaged first."""

    metric: str
    n: int
    mean: float
    lower: float
    upper: float
    worse: int
    better: int
    same: int
    """Items by the sign of their difference: McNemar's table, to describe and not to test."""
    slices: tuple[Slice, ...]
    unlisted: Mapping[str, int]
    """Dimension -> values with fewer than `FEWEST` topics."""
    turned_bad: tuple[Pair, ...]
    """Worst first."""
    settle: int | None
    """Items in all that would prove it not worse, if these differences kept on coming."""


def pair_up(
    metric: Metric,
    items: Iterable[Item],
    answers: Mapping[tuple[str, str], str],
    earlier: Earlier,
    forms: Mapping[str, Forms],
) -> list[Pair]:
    """The items of both benchmarks that the metric concerns, with both answers scored.

    Args:
        items: today's benchmark of the candidate.
        answers: (task, item id) -> the candidate's answer.

    Raises:
        NothingInCommonError: there is none; the message names the mend.
    """
    known = {(one.task, one.item): one for one in earlier.items}
    pairs = []
    for item in items:
        was = known.get((item.task, item.id))
        if was is None or was.digest != digest_of(item) or not metric.concerns(item):
            continue
        before, after = was.answer, answers[item.task, item.id]
        scores = (score_of(metric, item, text, forms[item.task]) for text in (before, after))
        pairs.append(Pair(item, before, after, *scores))
    if not pairs:
        kept = f"{len(earlier.items)} judged items, none of them" if earlier.items else "no judged items, so none is"
        raise NothingInCommonError(
            f"{earlier.name} kept {kept} in today's benchmark for {metric.name}: nothing can be compared. Keep items "
            "of its benchmark unchanged in this one or name another release with --against; where neither can be, set "
            "[gates.regression] blocking = false and give the reason as accept_weaker"
        )
    return pairs


def gone(items: Iterable[Item], earlier: Earlier) -> int:
    """How many items the earlier release was judged on and today's benchmark does not ask as they were."""
    today = {(item.task, item.id, digest_of(item)) for item in items}
    return sum((one.task, one.item, one.digest) not in today for one in earlier.items)


def compare(metric: str, pairs: Sequence[Pair], margin: float, confidence: float) -> Comparison:
    """The mean difference with its bounds, overall and by slice.

    Raises:
        EmptySetError: there are no pairs.
    """
    if not pairs:
        raise EmptySetError(f"{metric}: no pairs to compare")
    differences = _by_topic(pairs)
    bounds = statistics.difference_bounds(differences, confidence)
    slices, unlisted = _slices(pairs, margin, confidence)
    bad = sorted((pair for pair in pairs if pair.difference < 0), key=lambda pair: pair.difference)
    better = sum(pair.difference > 0 for pair in pairs)
    return Comparison(
        metric=metric,
        n=len(differences),
        mean=sum(differences) / len(differences),
        lower=bounds.lower,
        upper=bounds.upper,
        worse=len(bad),
        better=better,
        same=len(pairs) - len(bad) - better,
        slices=slices,
        unlisted=unlisted,
        turned_bad=tuple(bad),
        settle=paired_power.settle_differences(differences, margin, confidence),
    )


def _by_topic(pairs: Iterable[Pair]) -> list[float]:
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
            differences = _by_topic(members)
            if len(differences) < FEWEST:
                unlisted[dimension] = unlisted.get(dimension, 0) + 1
                continue
            bounds = statistics.difference_bounds(differences, confidence)
            mean = sum(differences) / len(differences)
            tells = _tells(bounds, margin)
            found.append(Slice(dimension, value, len(differences), mean, bounds.lower, bounds.upper, tells))
    return tuple(found), unlisted


def _tells(bounds: statistics.Bounds, margin: float) -> str:
    words = {"passed": "not worse", "failed": "worse", "inconclusive": "too small to tell"}
    return words[statistics.decide(bounds, -margin)]


def measurement(comparison: Comparison, earlier: Earlier, gone: int, sources: Mapping[str, str]) -> Measurement:
    """What the gate judges, with the slices and the answers that turned bad.

    Args:
        gone: items that the earlier release was judged on and that are gone or changed today.
    """
    lines = [
        f"against {earlier.name}: of the items that both answered, {comparison.worse} turned worse, "
        f"{comparison.better} better, {comparison.same} stayed; {gone} of its items are gone or changed",
        *(
            f"  {one.dimension} {one.value}: {one.mean:+.4f} [{one.lower:+.4f}, {one.upper:+.4f}] "
            f"n={one.n}, {one.tells}"
            for one in comparison.slices
        ),
        *(
            f"  {name}: {n} of fewer than {FEWEST} items each, too small to tell"
            for name, n in comparison.unlisted.items()
        ),
        _settle(comparison),
    ]
    return Measurement(
        value=comparison.mean,
        n=comparison.n,
        lower_bound=comparison.lower,
        upper_bound=comparison.upper,
        message="\n".join(line for line in lines if line),
        sources=sources,
        wrong=tuple(
            f"{pair.item.id} ({pair.score_before:.2f} -> {pair.score_after:.2f}): "
            f"was {pair.before[:300]!r}, is {pair.after[:300]!r}"
            for pair in comparison.turned_bad[:SHOWN]
        ),
    )


def _settle(comparison: Comparison) -> str:
    if comparison.settle is None:
        return "No practical number of items would show it to be no worse: the loss is the margin or more."
    return f"If these differences held, {comparison.settle} items in all would show it to be no worse."


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
