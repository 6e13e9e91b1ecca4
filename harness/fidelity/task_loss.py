"""Measure what a form loses of the task: the candidate's own metrics, item by item against the adapter as trained."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from harness.dataset.item import Item
from harness.errors import EmptySetError
from harness.metrics import paired
from harness.metrics.metric import Forms, Metric, concerns, score_of
from harness.metrics.paired import Comparison, Pair
from harness.statistics.measurement import Measurement

SHOWN = 3
"""Most answers that turned from right to wrong in a message; the report shows more."""


def pairs(
    metric: Metric,
    items: Iterable[Item],
    reference: Mapping[str, str],
    form: Mapping[str, str],
    forms: Mapping[str, Forms],
) -> list[Pair]:
    """Both answers to every item that the metric concerns, scored.

    Args:
        reference, form: ``task/item`` -> answer of the adapter as trained, and of the form.

    Raises:
        EmptySetError: the metric concerns none of the items.
        KeyError: an item has no answer.
        MetricError: the metric failed, or gave no score.
    """
    found = []
    for item in items:
        if concerns(metric, item, forms[item.task]):
            name = f"{item.task}/{item.id}"
            before, after = reference[name], form[name]
            scores = (score_of(metric, item, text, forms[item.task]) for text in (before, after))
            found.append(Pair(item, before, after, *scores))
    if not found:
        raise EmptySetError(f"{metric.name} concerns none of the items: nothing was compared")
    return found


def compare(metric: str, found: list[Pair], margin: float, confidence: float) -> Comparison:
    """The mean paired difference with its bounds, without slices: a sample is too small to be cut up."""
    return replace(paired.compare(metric, found, margin, confidence), slices=(), unlisted={})


def why_not_kept(comparison: Comparison, margin: float) -> str:
    """Why a metric is not shown to be kept by a form; "" where it is. An inconclusive comparison counts as not kept, as
    in the gate."""
    if comparison.lower > -margin:
        return ""
    return (
        f"{comparison.metric} moved by {comparison.mean:+.3f} with {comparison.lower:+.3f} as its bound, and may fall "
        f"by {margin:g}"
    )


def measurement(comparison: Comparison, asked: str, sources: Mapping[str, str]) -> Measurement:
    """The comparison as a measurement, for its gate.

    Args:
        asked: which items, in words: ``thirds, 24 a task`` or ``the whole benchmark``.
    """
    settle = (
        "No practical number of items would show that no more is lost."
        if comparison.settle is None
        else f"If these differences held, {comparison.settle} items in all would show that no more is lost."
    )
    return Measurement(
        value=comparison.mean,
        n=comparison.n,
        lower_bound=comparison.lower,
        upper_bound=comparison.upper,
        message=(
            f"against the adapter as trained, on {asked}: {comparison.worse} answers turned worse, "
            f"{comparison.better} better, {comparison.same} stayed. {settle}"
        ),
        sources=sources,
        wrong=tuple(
            f"{pair.item.id} ({pair.score_before:.2f} -> {pair.score_after:.2f}): "
            f"was {pair.before[:300]!r}, is {pair.after[:300]!r}"
            for pair in comparison.turned_bad[:SHOWN]
        ),
    )
