"""Compare the candidate with an earlier release on the same questions, answer by answer.

The earlier answers are scored anew with today's metrics, so that a change of the scoring is not mistaken for a change
of the adapter. Items pair up where task, id and digest are equal: what was asked and wanted is then the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from harness.dataset.item import Item
from harness.errors import GreenrunError
from harness.metrics.metric import Forms, Metric, concerns, score_of
from harness.metrics.paired import FEWEST, SHOWN, Comparison, Pair, _settle
from harness.releases.earlier import Earlier
from harness.releases.judged_items import digest_of
from harness.statistics.measurement import Measurement


class NothingInCommonError(GreenrunError):
    """Raised when two benchmarks share no item that a metric concerns."""


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
    pairs = in_common(metric, items, answers, earlier, forms)
    if not pairs:
        kept = f"{len(earlier.items)} judged items, none of them" if earlier.items else "no judged items, so none is"
        raise NothingInCommonError(
            f"{earlier.name} kept {kept} in today's benchmark for {metric.name}: nothing can be compared. Keep items "
            "of its benchmark unchanged in this one or name another release with --against; where neither can be, set "
            "[gates.regression] blocking = false and give the reason as accept_weaker"
        )
    return pairs


def in_common(
    metric: Metric,
    items: Iterable[Item],
    answers: Mapping[tuple[str, str], str],
    earlier: Earlier,
    forms: Mapping[str, Forms],
) -> list[Pair]:
    """The pairs of `pair_up`, of which there may be none."""
    known = {(one.task, one.item): one for one in earlier.items}
    pairs = []
    for item in items:
        was = known.get((item.task, item.id))
        if was is None or was.digest != digest_of(item) or not concerns(metric, item, forms[item.task]):
            continue
        before, after = was.answer, answers[item.task, item.id]
        scores = (score_of(metric, item, text, forms[item.task]) for text in (before, after))
        pairs.append(Pair(item, before, after, *scores))
    return pairs


def gone(items: Iterable[Item], earlier: Earlier) -> int:
    """How many items the earlier release was judged on and today's benchmark does not ask as they were."""
    today = {(item.task, item.id, digest_of(item)) for item in items}
    return sum((one.task, one.item, one.digest) not in today for one in earlier.items)


def measurement(comparison: Comparison, earlier: Earlier, gone: int, sources: Mapping[str, str]) -> Measurement:
    """The comparison as a measurement, with the slices and the answers that turned bad.

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
