"""Test whether a form still behaves as the adapter: whether it is nearer to the adapter than to the bare base on
reference answers.

Quantization can round an adapter away: the file converts, loads, answers and has a small weight error, and yet behaves
as the untrained base.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.errors import EmptySetError
from harness.fidelity.figures import PassageFigures
from harness.statistics import bounds as statistics


@dataclass(frozen=True, slots=True)
class Survival:
    """Where a form lies between the bare base (margin -1) and the adapter (margin 1)."""

    margin: float
    """The smaller of two margins: the mean over clusters of (to base - to adapter) / (to base + to adapter), and that
    of the sums over all tokens."""
    lower: float
    upper: float
    """One-sided confidence bounds of the margin, lower and upper."""
    clusters: int
    to_adapter: float
    to_base: float
    """Mean divergences from adapter and base over all tokens, nats."""
    nearest_base: tuple[tuple[str, float, float], ...]
    """(item, divergence from the adapter, divergence from the base), those nearest to the base first."""

    @property
    def holds(self) -> bool:
        return self.lower > 0.0


def survival(passages: Sequence[PassageFigures], confidence: float) -> Survival:
    """The margin of a form, with its bounds.

    A divergence has no upper limit, so no bound of its mean holds without assumptions; the relative margin lies in [-1,
    1], where the betting bound does hold. It counts every cluster once, so one long answer cannot outvote the others;
    nor can the others hide it, since the margin of the sums over all tokens must be as good.

    Raises:
        EmptySetError: there are no passages with tokens.
    """
    spoken = [passage for passage in passages if passage.tokens]
    if not spoken:
        raise EmptySetError("no reference answers: whether the adapter survived was not measured")
    margins = statistics.cluster_means((one.cluster, _margin(sum(one.to_adapter), sum(one.to_base))) for one in spoken)
    bounds = statistics.difference_bounds(margins, confidence)
    tokens = sum(one.tokens for one in spoken)
    to_adapter = sum(sum(one.to_adapter) for one in spoken) / tokens
    to_base = sum(sum(one.to_base) for one in spoken) / tokens
    whole = _margin(to_adapter, to_base)
    shown = sorted(spoken, key=lambda one: _margin(sum(one.to_adapter), sum(one.to_base)))
    return Survival(
        margin=min(sum(margins) / len(margins), whole),
        lower=min(bounds.lower, whole),
        upper=min(bounds.upper, whole) if whole < 0.0 else bounds.upper,
        clusters=len(margins),
        to_adapter=to_adapter,
        to_base=to_base,
        nearest_base=tuple(
            (one.item, sum(one.to_adapter) / one.tokens, sum(one.to_base) / one.tokens) for one in shown
        ),
    )


def explain(found: Survival) -> str:
    """What became of the adapter, in a sentence."""
    if found.holds:
        word = "the adapter survived"
    elif found.upper < 0.0:
        word = "the adapter did not survive: the form behaves as the base that it was trained on"
    else:
        word = "whether the adapter survived is not shown"
    return (
        f"{word}; over {found.clusters} topics {found.to_adapter:.3g} nats a token from the adapter as trained and "
        f"{found.to_base:.3g} from the bare base (margin 1: is the adapter, -1: is the base)"
    )


def _margin(to_adapter: float, to_base: float) -> float:
    """-1 (is the base) to 1 (is the adapter); 0 where it is as far from both, or where both are the same."""
    total = to_adapter + to_base
    return (to_base - to_adapter) / total if total > 0.0 else 0.0
