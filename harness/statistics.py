"""Say what a measured share or mean proves about the model behind it, and whether that clears a threshold.

Every bound is one-sided and holds for any sample size; none leans on a normal approximation, which fails
exactly where gates live, close to 1. How many items a threshold needs is the subject of `harness.power`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from harness.errors import EmptySetError

Decision = Literal["passed", "failed", "inconclusive"]

_Vector = npt.NDArray[np.float64]

_HALVINGS = 60  # of an interval no longer than 1: finer than a double can tell apart
_NEXT_TO_NOTHING = 1e-200  # means below this would underflow while halving, and prove nothing anyway


@dataclass(frozen=True, slots=True)
class Bounds:
    """A lower and an upper confidence bound, each one-sided: both hold together with less confidence than either."""

    lower: float
    """Ratio, 0 to 1."""
    upper: float
    """Ratio, 0 to 1."""

    def __post_init__(self) -> None:
        if not 0.0 <= self.lower <= self.upper <= 1.0:  # NaN lands here as well
            raise ValueError(f"bounds must satisfy 0 <= lower <= upper <= 1, got {self.lower} and {self.upper}")


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
    The order of the values does not matter. Time grows with the square of their number: a thousand take tens
    of milliseconds.

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
    # Sorted, so that not even rounding depends on the order.
    ordered = np.sort(np.asarray(values, dtype=np.float64))
    return Bounds(
        lower=_lower_betting_bound(ordered, alpha),
        upper=1.0 - _lower_betting_bound((1.0 - ordered)[::-1], alpha),
    )


def decide(bounds: Bounds, threshold: float) -> Decision:
    """Passed if even the lower bound is above the threshold, failed if even the upper bound is below it."""
    if bounds.lower > threshold:
        return "passed"
    if bounds.upper < threshold:
        return "failed"
    return "inconclusive"


def cluster_means(values: Iterable[tuple[str, float]]) -> list[float]:
    """Mean per cluster, in order of first appearance; `values` are pairs of cluster and value.

    Bounds count independent things: items of one topic or scenario stand or fall together, and count once.

    Raises:
        EmptySetError: there are no values.
    """
    clusters: dict[str, list[float]] = {}
    for cluster, value in values:
        clusters.setdefault(cluster, []).append(value)
    if not clusters:
        raise EmptySetError("no values to average by cluster")
    return [sum(members) / len(members) for members in clusters.values()]


def error_rate(confidence: float) -> float:
    """1 - `confidence`: how often a bound may be wrong.

    Raises:
        ValueError: `confidence` is not in [0.5, 1). Below one half a lower bound could exceed the upper one.
    """
    if not 0.5 <= confidence < 1.0:
        raise ValueError(f"confidence must be at least 0.5 and below 1, got {confidence}")
    return 1.0 - confidence


def _lower_betting_bound(ordered: _Vector, alpha: float) -> float:
    """The smallest mean whose capital stays under 1/alpha, approached from below; 0.0 where there is none.

    A bet of t/m, with t in [0, 1], multiplies the capital by 1 - t + t * x_i / m. No such factor grows with m,
    so neither does K. It is unbounded near m = 0 (unless every value is 0: then it is 1/(n+1) throughout) and
    at most 1 at the sample mean, by the inequality of the means. So it crosses 1/alpha once, in between.
    """
    mean = float(ordered.mean())
    if mean < _NEXT_TO_NOTHING:
        return 0.0
    log_means = _log_symmetric_means(ordered)
    refuted, open_ = 0.0, mean
    for _ in range(_HALVINGS):
        middle = (refuted + open_) / 2
        if _log_capital(log_means, middle) >= -np.log(alpha):
            refuted = middle
        else:
            open_ = middle
    return refuted


def _log_capital(log_means: _Vector, candidate: float) -> float:
    """Log of K(candidate), from the (n+1,) log means of `_log_symmetric_means`.

    The product over i of (1 - t + t * x_i / m) is the sum over k of e_k * (t/m)^k * (1-t)^(n-k), where e_k is
    the k-th elementary symmetric polynomial of the values. The integral of t^k * (1-t)^(n-k) over [0, 1] is
    1 / ((n+1) * binomial(n, k)). Hence K(m) = 1/(n+1) * sum over k of E_k / m^k, with E_k = e_k / binomial(n, k):
    exact, and a sum of positive terms, so nothing cancels.
    """
    degrees = np.arange(len(log_means))
    return float(np.logaddexp.reduce(log_means - degrees * np.log(candidate)) - np.log(len(log_means)))


def _log_symmetric_means(values: _Vector) -> _Vector:
    """(n+1,) logs of E_k = e_k(values) / binomial(n, k), for k from 0 to n; -inf where E_k is 0.

    Adding the j-th value x to j-1 others gives E_k = (j-k)/j * E_k + k/j * x * E_(k-1). Logs, because the last
    terms of a thousand values are far below the smallest double.
    """
    n = len(values)
    with np.errstate(divide="ignore"):  # log 0 = -inf is the right start for a term that is 0
        logs = np.log(values)
        log_counts = np.log(np.arange(n + 1, dtype=np.float64))
    means = np.full(n + 1, -np.inf)
    means[0] = 0.0
    for j in range(1, n + 1):
        without = means[1 : j + 1] + log_counts[:j][::-1]
        with_it = means[:j] + log_counts[1 : j + 1] + logs[j - 1]
        means[1 : j + 1] = np.logaddexp(without, with_it) - log_counts[j]
    return means
