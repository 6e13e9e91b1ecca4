"""Judge the logits of a form: its confidence bound, and not its bare value, is held against the limit."""

from __future__ import annotations

from collections.abc import Mapping

from harness.evidence import Measurement
from harness.parity.summary import Estimate, Summary
from harness.statistics import error_rate


def within(summary: Summary, largest: float, confidence: float, sources: Mapping[str, str]) -> Measurement:
    """Mean KL: its upper confidence bound must not exceed the limit."""
    top = summary.kl.bound(_deviations(confidence))
    return Measurement(
        value=float(top <= largest),
        n=summary.clusters,
        message=f"mean KL {shown(summary.kl)} nats a token, at most {largest:g} is allowed\n{described(summary)}",
        sources=sources,
    )


def agrees(summary: Summary, smallest: float, confidence: float, sources: Mapping[str, str]) -> Measurement:
    """Same-top-1 share: its lower confidence bound must not fall below the limit."""
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
    """Standard errors between an estimate and its one-sided bound: a mean over dozens of topics is nearly normal."""
    from scipy import special  # type: ignore[import-untyped]

    return float(-special.ndtri(error_rate(confidence)))
