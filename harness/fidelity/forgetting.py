"""Measure forgetting: the loss on general text with the adapter against that of the base alone.

A passage's loss here is the log of the ratio of its two perplexities: the mean negative log-likelihood of its tokens,
in nats, with the adapter, minus that without. It is unbounded, and the confidence bound of a mean needs bounded values,
so it is clipped to between 0 and `MOST`. Clipping at 0 also means that a passage which the adapter made likelier does
not make up for one that it made less likely.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from harness.engines.perplexity import PassageLoss
from harness.gates.forgetting import MOST
from harness.statistics import bounds as statistics
from harness.statistics.measurement import WORST, Measurement


def measurement(found: Sequence[PassageLoss], confidence: float, sources: Mapping[str, str]) -> Measurement:
    """The mean change of the log-likelihood per token, base to adapter: at most 0, and -`MOST` at worst.

    Bounds: those of `statistics.mean_bounds` for 1 - loss / `MOST`, brought back to nats.

    Raises:
        EmptySetError: there are no passages.
    """
    kept = [1.0 - min(max(one.lost, 0.0), MOST) / MOST for one in found]
    bounds = statistics.mean_bounds(kept, confidence)
    worst = sorted((one for one in found if one.lost > 0.0), key=lambda one: -one.lost)[:WORST]
    tokens = sum(one.tokens for one in found)
    return Measurement(
        value=MOST * (sum(kept) / len(kept) - 1.0),
        n=len(kept),
        lower_bound=MOST * (bounds.lower - 1.0),
        upper_bound=MOST * (bounds.upper - 1.0),
        sources=sources,
        confidence=confidence,
        message=(
            f"change of the log-likelihood in nats per token over {len(found)} passages of general text ({tokens} "
            f"tokens): {_mean(one.bare for one in found):.4f} nats a token without the adapter, "
            f"{_mean(one.mounted for one in found):.4f} with it"
        ),
        wrong=tuple(f"{one.text!r}: {one.bare:.3f} -> {one.mounted:.3f}" for one in worst),
    )


def _mean(values: Iterable[float]) -> float:
    listed = list(values)
    return sum(listed) / len(listed)
