"""Power of paired comparisons: how many pairs it takes to show that nothing got worse, and how likely a good and a bad
successor pass.

A pair is one item answered by two adapters; most differ by nothing, some by -1 or 1. The bound is that of
`harness.statistics.bounds.difference_bounds`.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence

import numpy as np

from harness.statistics.bounds import error_rate, log_capital
from harness.statistics.power import MOST_ITEMS, SAME_RATE

_NEGLIGIBLE = 1e-12  # chance of counts that are not looked at


def proves_not_worse(worse: float, same: float, better: float, margin: float, confidence: float) -> bool:
    """Whether the mean difference is proved to be above -`margin` by pairs that differ by -1, 0 and 1.

    Counts need not be whole.
    """
    counts = np.array([worse, same, better], dtype=np.float64)
    capital = log_capital(np.array([0.0, 0.5, 1.0]), counts, (1.0 - margin) / 2.0)
    return capital > -math.log(error_rate(confidence))


def equal_items_needed(margin: float, confidence: float) -> int:
    """Pairs in all, none of them different, from which no loss above `margin` is proved.

    Raises:
        ValueError: `MOST_ITEMS` would not be enough.
    """
    sizes = range(1, MOST_ITEMS + 1)
    found = bisect_left(sizes, True, key=lambda n: proves_not_worse(0, n, 0, margin, confidence))
    if found == len(sizes):
        raise ValueError(f"{MOST_ITEMS} equal pairs cannot prove a loss below {margin}; widen the margin")
    return sizes[found]


def settle_differences(differences: Sequence[float], margin: float, confidence: float) -> int | None:
    """Pairs in all, at least those seen, that would prove no loss above `margin` if these differences kept on coming.

    Returns:
        None where their mean is no better than -`margin`, or where more than `MOST_ITEMS` would be needed.
    """
    if sum(differences) / len(differences) <= -margin + SAME_RATE:
        return None
    distinct, counts = np.unique((1.0 + np.asarray(differences, dtype=np.float64)) / 2.0, return_counts=True)
    shares = counts / len(differences)
    wanted = -math.log(error_rate(confidence))
    sizes = range(len(differences), max(len(differences), MOST_ITEMS) + 1)
    found = bisect_left(sizes, True, key=lambda n: log_capital(distinct, shares * n, (1.0 - margin) / 2.0) > wanted)
    return sizes[found] if found < len(sizes) else None


def pass_chance(n: int, margin: float, worse: float, better: float, confidence: float) -> float:
    """Chance, 0 to 1, that `n` pairs prove no loss above `margin`.

    The exact sum over how many pairs differ: for each number of better ones, the most worse ones that still pass.

    Args:
        worse, better: true chances that a pair differs by -1 and by 1; at most 1 together.

    Raises:
        ValueError: the chances are none.
    """
    from scipy import stats  # type: ignore[import-untyped]

    if not (worse >= 0.0 and better >= 0.0 and worse + better <= 1.0):
        raise ValueError(f"chances must lie in [0, 1] and sum to at most 1, got {worse} and {better}")
    most_better = int(stats.binom.isf(_NEGLIGIBLE, n, better)) if better else 0
    of_the_rest = worse / (1.0 - better) if better < 1.0 else 0.0
    total = 0.0
    for gained in range(most_better + 1):
        allowed = worse_allowed(n, gained, margin, confidence)
        if allowed >= 0:
            total += float(stats.binom.pmf(gained, n, better) * stats.binom.cdf(allowed, n - gained, of_the_rest))
    return min(total, 1.0)


def worse_allowed(n: int, better: int, margin: float, confidence: float) -> int:
    """The most of `n` pairs that may be worse where `better` are better; -1 where not even none may."""
    sizes = range(n - better + 1)
    fails = bisect_left(
        sizes, True, key=lambda worse: not proves_not_worse(worse, n - worse - better, better, margin, confidence)
    )
    return fails - 1
