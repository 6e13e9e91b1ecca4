"""Power of thresholds: how many items one needs, and how likely a model of a given quality is to clear it.

All of this is known before a model is asked anything. It is used to size a benchmark, and to refuse a release spec
whose benchmark could never prove its thresholds. The decisions are those of `harness.statistics.bounds`.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from typing import Literal

from harness.errors import EmptySetError
from harness.statistics.bounds import error_rate

Kind = Literal["share", "mean"]
"""``share``: judged by Clopper-Pearson bounds. ``mean``: judged by betting bounds, which need more items."""

MOST_ITEMS = 100_000
"""Largest benchmark that is considered, in items: nobody writes more."""

SAME_RATE = 1e-9  # rates closer to the threshold than this are on it, and no number of items settles them


def items_needed(threshold: float, wrong: int, confidence: float, kind: Kind) -> int:
    """Items in all, `wrong` of them worth 0 and the others 1, from which the lower bound is above `threshold`.

    Raises:
        ValueError: `MOST_ITEMS` would not be enough, or `confidence` is out of range.
    """
    sizes = range(wrong + 1, MOST_ITEMS + 1)
    found = bisect_left(sizes, True, key=lambda n: _proves(n - wrong, wrong, threshold, confidence, kind))
    if found == len(sizes):
        raise ValueError(
            f"{MOST_ITEMS} items with {wrong} wrong cannot prove a {kind} above {threshold}; lower the threshold"
        )
    return sizes[found]


def wrong_allowed(n: int, threshold: float, confidence: float, kind: Kind) -> int:
    """The most items that may be wholly wrong for `n` items to pass; -1 where not even `n` right ones do.

    Raises:
        EmptySetError: `n` is 0.
        ValueError: `confidence` is out of range.
    """
    if n == 0:
        raise EmptySetError("a benchmark of no items allows nothing")
    too_many = bisect_left(range(n), True, key=lambda wrong: not _proves(n - wrong, wrong, threshold, confidence, kind))
    return too_many - 1


def wrong_allowed_by(rule: str, n: int, threshold: float, confidence: float, kind: Kind) -> int:
    """`wrong_allowed` for a gate that goes by its bound, or (``point``) by the bare value; -1 where none may.

    Raises:
        EmptySetError, ValueError: as `wrong_allowed`.
    """
    if rule != "point":
        return wrong_allowed(n, threshold, confidence, kind)
    if n == 0:
        raise EmptySetError("a benchmark of no items allows nothing")
    return bisect_left(range(n), True, key=lambda wrong: not (n - wrong) / n > threshold) - 1


def chance_after(right: float, seen: int, n: int, allowed: int) -> float:
    """Predicted chance, 0 to 1, that at most `allowed` of `n` new items are wrong, `right` of `seen` having been right.

    The true rate is unknown: it has the Beta distribution that Jeffreys' prior becomes, Beta(right + 1/2, wrong + 1/2)
    (Brown, Cai and DasGupta, "Interval estimation for a binomial proportion", Statistical Science 16, 2001), and the
    count of wrong items is then beta-binomial. Scores that are fractions count as that much of a right item.

    Raises:
        EmptySetError: nothing was seen.
    """
    if seen == 0:
        raise EmptySetError("nothing was seen, so nothing is predicted")
    a, b = seen - right + 0.5, right + 0.5  # of the rate of wrong items
    of = math.lgamma(n + 1.0) - _log_beta(a, b)
    return min(
        1.0,
        sum(
            math.exp(of - math.lgamma(k + 1.0) - math.lgamma(n - k + 1.0) + _log_beta(k + a, n - k + b))
            for k in range(allowed + 1)
        ),
    )


def pass_chance(n: int, threshold: float, expected: float, confidence: float, kind: Kind) -> float:
    """Chance, 0 to 1, that a model of true quality `expected` passes with `n` items.

    Items are taken to be wholly right or wholly missed, also for means. Of all values with a given mean those
    vary most, so a good model whose items earn fractions usually has a better chance than this says.

    Raises:
        EmptySetError: `n` is 0.
        ValueError: `expected` or `confidence` is out of range.
    """
    if not 0.0 <= expected <= 1.0:
        raise ValueError(f"expected quality must lie in [0, 1], got {expected}")
    allowed = wrong_allowed(n, threshold, confidence, kind)
    return _share_tail(n - allowed, allowed, expected) if allowed >= 0 else 0.0


def settle_items(successes_or_mean: float, n: int, threshold: float, confidence: float, kind: Kind) -> int | None:
    """Items in all, at least `n`, at which a bound clears the threshold, either way, if the observed rate held.

    Counts of right and wrong items are interpolated between whole numbers, so that the answer does not jump
    with rounding. For means, items are taken to be wholly right or wholly missed: fewer may do.

    Args:
        successes_or_mean: right items (0 to `n`) of a share, or the mean (0 to 1) of the values.
        n: independent items seen so far.

    Returns:
        None where the rate is the threshold (to 1e-9), or where more than `MOST_ITEMS` would be needed.

    Raises:
        EmptySetError: `n` is 0.
        ValueError: the rate is not in [0, 1], or `confidence` is out of range.
    """
    if n == 0:
        raise EmptySetError("no items were seen, so there is no rate that could hold")
    rate = successes_or_mean / n if kind == "share" else successes_or_mean
    if not 0.0 <= rate <= 1.0:
        raise ValueError(f"the observed {kind} must lie in [0, 1], got {rate} over {n} items")
    if abs(rate - threshold) <= SAME_RATE:
        return None
    if rate < threshold:  # to fail is to prove that the share of wrong items is above what the threshold leaves
        rate, threshold = 1.0 - rate, 1.0 - threshold
    sizes = range(n, max(n, MOST_ITEMS) + 1)
    found = bisect_left(sizes, True, key=lambda m: _proves(rate * m, m - rate * m, threshold, confidence, kind))
    return sizes[found] if found < len(sizes) else None


def items_for_chance(
    chance: float, n: int, threshold: float, expected: float, confidence: float, kind: Kind
) -> int | None:
    """Items, at least `n`, that give a model of quality `expected` that chance to pass, to within two percent of them.

    Returns:
        None where more than `MOST_ITEMS` would be needed, as for a model that is no better than the threshold.
    """
    if expected <= threshold:
        return None
    while n <= MOST_ITEMS:
        if pass_chance(n, threshold, expected, confidence, kind) >= chance:
            return n
        n += max(1, n // 50)
    return None


def quality_needed(chance: float, n: int, threshold: float, confidence: float, kind: Kind) -> float | None:
    """The true quality that passes with that chance over `n` items, to 1e-4; None where not even a perfect one does."""
    if pass_chance(n, threshold, 1.0, confidence, kind) < chance:
        return None
    low, high = threshold, 1.0
    while high - low > 1e-4:
        middle = (low + high) / 2
        if pass_chance(n, threshold, middle, confidence, kind) >= chance:
            high = middle
        else:
            low = middle
    return high


def _proves(right: float, wrong: float, threshold: float, confidence: float, kind: Kind) -> bool:
    """Whether `right` ones and `wrong` zeros have a lower bound above `threshold`; counts need not be whole.

    More right items, fewer wrong ones, or more of both at a rate above the threshold never undo a proof: the
    searches above rest on that. For means the last holds because the capital is a convex function of the
    number of items that starts at 1; for shares it is tested.
    """
    alpha = error_rate(confidence)
    if right <= 0.0 or threshold >= 1.0:
        return False
    if threshold <= 0.0:
        return True
    if kind == "share":
        return _share_tail(right, wrong, threshold) < alpha
    return _log_capital_of_whole_items(right, wrong, threshold) > -math.log(alpha)


def _share_tail(right: float, wrong: float, share: float) -> float:
    """Chance of at least `right` right items among `right + wrong`, if `share` is the true one.

    A binomial tail, written as an incomplete beta integral; Clopper-Pearson bounds are its inverse.
    """
    from scipy import special  # type: ignore[import-untyped]

    return float(special.betainc(right, wrong + 1.0, share))


def _log_capital_of_whole_items(right: float, wrong: float, mean: float) -> float:
    """Log of the capital K(mean) of `harness.statistics.bounds.mean_bounds` over `right` ones and `wrong` zeros.

    With m the mean, s ones and w zeros, K(m) is the integral over t from 0 to 1 of (1-t+t/m)^s * (1-t)^w.
    Substituting u = (1-m) * (1-t) makes it an incomplete beta integral (I is the regularized one):
    K(m) = m^-s * (1-m)^-(w+1) * B(w+1, s+1) * I_(1-m)(w+1, s+1).
    """
    tail = _share_tail(wrong + 1.0, right, 1.0 - mean)
    if tail == 0.0:  # underflow, which takes a rate far below the mean: the capital is lost
        return -math.inf
    return (
        _log_beta(wrong + 1.0, right + 1.0)
        + math.log(tail)
        - right * math.log(mean)
        - (wrong + 1.0) * math.log1p(-mean)
    )


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


WANTED = 0.9
"""Least chance to pass that a good adapter should have; below it a gate fails too often to be of use."""
