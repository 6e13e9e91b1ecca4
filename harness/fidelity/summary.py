"""Summarize the passages of a form: each figure with its standard error.

Tokens of one answer are not independent, and answers of one topic stand or fall together, so every standard error
counts clusters: a mean over tokens is a ratio of two sums over clusters, and its error is that of a ratio estimator
(Cochran, "Sampling Techniques", 3rd ed., 6.4). A percentile has no such formula: its error is the standard deviation
over resampled clusters (Efron and Tibshirani, "An Introduction to the Bootstrap", 6.2), with a fixed seed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from harness.errors import EmptySetError
from harness.fidelity.figures import PassageFigures
from harness.statistics.bounds import error_rate
from harness.statistics.measurement import Measurement

RESAMPLES = 1000
SEED = 20
TAIL = 99.0
"""Percentile of the per-token KL that is reported, since a mean can hide a single token that turns a sentence."""

_Vector = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Estimate:
    value: float
    error: float
    """Standard error; infinite where there is only one cluster."""

    def bound(self, deviations: float) -> float:
        """The value plus `deviations` standard errors."""
        return (
            self.value + deviations * self.error if math.isfinite(self.error) else math.copysign(math.inf, deviations)
        )


@dataclass(frozen=True, slots=True)
class Summary:
    """Logit parity of one form over reference answers."""

    items: int
    clusters: int
    tokens: int
    kl: Estimate
    """Mean KL(adapter || form), nats per token."""
    kl_tail: Estimate
    """99th percentile of KL(adapter || form) over tokens, nats."""
    kl_to_base: Estimate
    """Mean KL(bare base || form), nats per token."""
    same_top: Estimate
    """Share of tokens where adapter and form put the same one first."""
    perplexity_ratio: Estimate
    """Perplexity of the reference answers under the form, divided by that under the adapter as trained."""


def summarize(passages: Sequence[PassageFigures]) -> Summary:
    """All figures of one form.

    Raises:
        EmptySetError: there are no tokens.
    """
    groups = _clustered(passages)
    if not any(passage.tokens for passage in passages):
        raise EmptySetError("logit parity over no tokens: nothing was measured")
    tokens = np.array([sum(passage.tokens for passage in group) for group in groups], dtype=np.float64)

    def mean_of(values: Callable[[PassageFigures], Sequence[float]]) -> Estimate:
        return ratio(np.array([sum(sum(values(one)) for one in group) for group in groups], dtype=np.float64), tokens)

    lost = mean_of(lambda one: [a - b for a, b in zip(one.adapter_likelihood, one.form_likelihood, strict=True)])
    worse = math.exp(lost.value)
    return Summary(
        items=len(passages),
        clusters=len(groups),
        tokens=int(tokens.sum()),
        kl=mean_of(lambda one: one.to_adapter),
        kl_tail=percentile([np.array([kl for one in group for kl in one.to_adapter]) for group in groups], TAIL),
        kl_to_base=mean_of(lambda one: one.to_base),
        same_top=mean_of(lambda one: [float(same) for same in one.same_top]),
        perplexity_ratio=Estimate(worse, worse * lost.error),  # the delta method
    )


def ratio(sums: _Vector, sizes: _Vector) -> Estimate:
    """Sum over sizes, (clusters,) each, with the standard error of a ratio estimator.

    Raises:
        EmptySetError: the sizes sum to nothing.
    """
    total = float(sizes.sum())
    if total <= 0.0:
        raise EmptySetError("a mean over no tokens")
    value = float(sums.sum()) / total
    n = len(sums)
    if n < 2:
        return Estimate(value, math.inf)
    residuals = sums - value * sizes
    return Estimate(value, math.sqrt(n / (n - 1) * float(residuals @ residuals)) / total)


def percentile(groups: Sequence[_Vector], which: float) -> Estimate:
    """A percentile of all values, with its standard error from `RESAMPLES` draws of whole groups."""
    value = float(np.percentile(np.concatenate(groups), which))
    if len(groups) < 2:
        return Estimate(value, math.inf)
    chance = np.random.default_rng(SEED)
    drawn = [
        float(np.percentile(np.concatenate([groups[k] for k in chance.integers(len(groups), size=len(groups))]), which))
        for _ in range(RESAMPLES)
    ]
    return Estimate(value, float(np.std(drawn, ddof=1)))


def _clustered(passages: Sequence[PassageFigures]) -> list[list[PassageFigures]]:
    groups: dict[str, list[PassageFigures]] = {}
    for passage in passages:
        if passage.tokens:
            groups.setdefault(passage.cluster, []).append(passage)
    return list(groups.values())


def within(summary: Summary, largest: float, confidence: float, sources: Mapping[str, str]) -> Measurement:
    """The measurement of mean KL: the gate holds where its upper confidence bound does not exceed the limit."""
    top = summary.kl.bound(_deviations(confidence))
    return Measurement(
        value=float(top <= largest),
        n=summary.clusters,
        message=f"mean KL {shown(summary.kl)} nats a token, at most {largest:g} is allowed\n{described(summary)}",
        sources=sources,
    )


def agrees(summary: Summary, smallest: float, confidence: float, sources: Mapping[str, str]) -> Measurement:
    """The measurement of the same-top-1 share: the gate holds where its lower confidence bound is not below the
    limit."""
    low = summary.same_top.bound(-_deviations(confidence))
    return Measurement(
        value=float(low >= smallest),
        n=summary.clusters,
        message=f"the same first token at {shown(summary.same_top)} of positions, {smallest:g} is wanted\n"
        + described(summary),
        sources=sources,
    )


def described(summary: Summary) -> str:
    return (
        f"over {summary.tokens} tokens of {summary.items} reference answers ({summary.clusters} topics), standard "
        f"errors by topic: KL {shown(summary.kl)}, 99th percentile {shown(summary.kl_tail)}, same top token "
        f"{shown(summary.same_top)}, perplexity ratio {shown(summary.perplexity_ratio)}"
    )


def shown(estimate: Estimate) -> str:
    """``0.0572 +- 0.0041``, with as many digits as the value needs."""
    return f"{estimate.value:.3g} +- {estimate.error:.2g}"


def _deviations(confidence: float) -> float:
    """Standard errors between an estimate and its one-sided bound, from the normal distribution: a mean over dozens of
    topics is nearly normal."""
    from scipy import special  # type: ignore[import-untyped]

    return float(-special.ndtri(error_rate(confidence)))
