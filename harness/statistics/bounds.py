"""Confidence bounds of a measured share or mean, and the decision whether they clear a threshold.

Every bound is one-sided and holds for any sample size; none relies on a normal approximation, which fails close to 1,
where gates are. How many items a threshold needs is the subject of `harness.statistics.power`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
import numpy.typing as npt

from harness.errors import EmptySetError

Decision = Literal["passed", "failed", "inconclusive"]

_Vector = npt.NDArray[np.float64]

_STEPS = 100  # of Newton's: a dozen do
_SMALLEST_STEP = 1e-15  # relative; what a double can tell apart
_MOST_NODES = 512  # of the quadrature: exact up to 1,023 values
_NEXT_TO_NOTHING = 1e-200  # means below this would underflow on the way, and prove nothing anyway


@dataclass(frozen=True, slots=True)
class Bounds:
    """A lower and an upper confidence bound, each one-sided: both hold together with less confidence than either."""

    lower: float
    """Ratio, 0 to 1; of a difference between two ratios, -1 to 1."""
    upper: float
    """Ratio, 0 to 1; of a difference between two ratios, -1 to 1."""

    def __post_init__(self) -> None:
        if not -1.0 <= self.lower <= self.upper <= 1.0:  # NaN lands here as well
            raise ValueError(f"bounds must satisfy -1 <= lower <= upper <= 1, got {self.lower} and {self.upper}")


def share_bounds(successes: int, n: int, confidence: float) -> Bounds:
    """Clopper-Pearson bounds of a share: quantiles of two beta distributions (Biometrika 26, 1934).

    Args:
        successes: items that were right, 0 to `n`.
        n: independent items.
        confidence: of each bound by itself, from 0.5 up to but not including 1.

    Raises:
        EmptySetError: `n` is 0.
        ValueError: `successes` or `confidence` is out of range.
    """
    from scipy import special  # type: ignore[import-untyped]

    alpha = error_rate(confidence)
    if n == 0:
        raise EmptySetError("a share over no items has no bounds")
    if not 0 <= successes <= n:
        raise ValueError(f"successes must be between 0 and n = {n}, got {successes}")
    wrong = n - successes
    return Bounds(
        lower=float(special.betaincinv(successes, wrong + 1, alpha)) if successes else 0.0,
        upper=float(special.betaincinv(successes + 1, wrong, confidence)) if wrong else 1.0,
    )


def mean_bounds(values: Sequence[float], confidence: float) -> Bounds:
    """Betting bounds of the mean of independent values in [0, 1], whatever their distribution.

    Against a candidate mean m a gambler stakes a constant bet on every value; averaged uniformly over the bets
    lam in [0, 1/m], the capital is

        K(m) = m * integral over lam from 0 to 1/m of prod_i (1 + lam * (x_i - m)).

    Were m the mean, each product would be expected to stay at 1, so K(m) reaches 1/alpha with a chance of at
    most alpha (Markov). The lower bound is the smallest m that is not refuted so, the upper bound the same for
    1 - x (Waudby-Smith and Ramdas, "Estimating means of bounded random variables by betting", JRSS-B 2024).
    The order of the values does not matter. Time grows with the number of distinct values, not with that of all:
    ten thousand scores of a few points each take milliseconds.

    Raises:
        EmptySetError: there are no values.
        ValueError: a value lies outside [0, 1] or is NaN, or `confidence` is out of range.
    """
    alpha = error_rate(confidence)
    if len(values) == 0:
        raise EmptySetError("a mean over no values has no bounds")
    for position, value in enumerate(values):
        if not 0.0 <= value <= 1.0:
            raise ValueError(f"values must lie in [0, 1], got {value} at position {position}")
    # Sorted by np.unique, so that not even rounding depends on the order.
    distinct, counts = np.unique(np.asarray(values, dtype=np.float64), return_counts=True)
    times = counts.astype(np.float64)
    return Bounds(
        lower=_lower_betting_bound(distinct, times, alpha),
        upper=1.0 - _lower_betting_bound((1.0 - distinct)[::-1], times[::-1], alpha),
    )


def bounds_of(kind: str, values: Sequence[float], confidence: float) -> Bounds:
    """Bounds of scores by the kind of their metric: `share_bounds` where each is 0 or 1, else `mean_bounds`."""
    if by_betting(kind, values):
        return mean_bounds(values, confidence)
    return share_bounds(int(sum(values)), len(values), confidence)


def by_betting(kind: str, values: Sequence[float]) -> bool:
    """Whether `bounds_of` takes betting bounds, which hold at any number of looks (Ville's inequality)."""
    return kind != "share" or any(value not in (0.0, 1.0) for value in values)


def difference_bounds(differences: Sequence[float], confidence: float) -> Bounds:
    """Betting bounds of the mean of independent paired differences in [-1, 1], whatever their distribution.

    Those of `mean_bounds` for (1 + d) / 2, brought back to the scale of the differences.

    Raises:
        EmptySetError: there are no differences.
        ValueError: a difference lies outside [-1, 1] or is NaN, or `confidence` is out of range.
    """
    rescaled = mean_bounds([(1.0 + difference) / 2.0 for difference in differences], confidence)
    return Bounds(2.0 * rescaled.lower - 1.0, 2.0 * rescaled.upper - 1.0)


def decide(bounds: Bounds, threshold: float) -> Decision:
    """``passed`` if the lower bound is above the threshold, ``failed`` if the upper bound is below it, else
    inconclusive."""
    if bounds.lower > threshold:
        return "passed"
    if bounds.upper < threshold:
        return "failed"
    return "inconclusive"


def cluster_means(values: Iterable[tuple[str, float]]) -> list[float]:
    """Mean per cluster, in order of first appearance: the values of `by_cluster`."""
    return list(by_cluster(values).values())


def by_cluster(values: Iterable[tuple[str, float]]) -> dict[str, float]:
    """Cluster -> mean of its values, in order of first appearance; `values` are pairs of cluster and value.

    Items of one topic or scenario are not independent, and bounds count independent things: so a cluster counts once.

    Raises:
        EmptySetError: there are no values.
    """
    clusters: dict[str, list[float]] = {}
    for cluster, value in values:
        clusters.setdefault(cluster, []).append(value)
    if not clusters:
        raise EmptySetError("no values to average by cluster")
    return {name: sum(members) / len(members) for name, members in clusters.items()}


def error_rate(confidence: float) -> float:
    """1 - `confidence`: the chance that a bound is wrong.

    Raises:
        ValueError: `confidence` is not in [0.5, 1). Below one half a lower bound could exceed the upper one.
    """
    if not 0.5 <= confidence < 1.0:
        raise ValueError(f"confidence must be at least 0.5 and below 1, got {confidence}")
    return 1.0 - confidence


def _lower_betting_bound(values: _Vector, counts: _Vector, alpha: float) -> float:
    """The smallest mean whose capital stays under 1/alpha, approached from below; 0.0 where there is none.

    A bet of t/m, with t in [0, 1], multiplies the capital by 1 - t + t * x_i / m. No such factor grows with m,
    so neither does K, which is at most 1 at the sample mean, by the inequality of the means. Written as in
    `log_capital`, log K is a convex function of log m, so Newton's steps from a refuted m stay refuted. One such m
    is alpha * mean / (n + 1): K is at least its term of the first degree, which is mean / m / (n + 1).
    """
    mean = float(values @ counts / counts.sum())
    if mean < _NEXT_TO_NOTHING:
        return 0.0
    refuted = mean * alpha / (float(counts.sum()) + 1.0)
    for _ in range(_STEPS):
        capital, slope = _log_capital(values, counts, refuted)
        step = (capital + math.log(alpha)) / -slope
        if step <= _SMALLEST_STEP:
            break
        refuted *= math.exp(step)
    return min(refuted, mean)


def log_capital(values: _Vector, counts: _Vector, candidate: float) -> float:
    """Log of K(candidate) of `mean_bounds`, for distinct values and how often each stands.

    With t = lam * m the integral is that of prod_j (1 - t + t * x_j / m) ^ count_j over t from 0 to 1: a
    polynomial in t of the degree n, the sum of the counts. Gauss-Legendre with N nodes is exact up to the degree
    2N - 1, and every term is positive, so nothing cancels. Past `_MOST_NODES` it is no longer exact, but the
    integrand is a bell that many nodes fall into: bounds of 10,000 values agree with exact sums to 1e-12.

    Args:
        values, counts: (distinct,); counts need not be whole, for how a result would look at another size.
        candidate: above 0.
    """
    return _log_capital(values, counts, candidate)[0]


def _log_capital(values: _Vector, counts: _Vector, candidate: float) -> tuple[float, float]:
    """`log_capital`, and its slope over the log of the candidate."""
    nodes, log_weights = _legendre(min(_MOST_NODES, 1 << math.ceil(math.log2((float(counts.sum()) + 2.0) / 2.0))))
    bets = np.multiply.outer(nodes, values / candidate)  # (node, distinct)
    factors = bets + (1.0 - nodes)[:, None]
    with np.errstate(divide="ignore"):  # a value of 0 under a node that rounds to 1
        terms = np.log(factors) @ counts + log_weights
    largest = terms.max()
    shares = np.exp(terms - largest)
    total = shares.sum()
    slope = -float(shares @ ((bets / factors) @ counts) / total)
    return float(largest + np.log(total)), slope


@lru_cache(maxsize=16)
def _legendre(size: int) -> tuple[_Vector, _Vector]:
    """(size,) nodes in (0, 1) and logs of their weights, which sum to 1."""
    from scipy import special  # numpy's own takes seconds for hundreds of nodes

    nodes, weights = special.roots_legendre(size)
    return (nodes + 1.0) / 2.0, np.log(weights / 2.0)
