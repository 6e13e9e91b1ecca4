"""What asking the same questions in other batches shows: that every answer is the same, or, of a form that computes in
bfloat16, that no metric leaves its band."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness.statistics.measurement import Measurement


def exact(told: str, same: Sequence[bool], singly: Sequence[bool], sources: Mapping[str, str]) -> Measurement:
    """The share of answers that stayed what they were, token for token.

    Args:
        told: how they were asked the second time.
        same: of each answer.
        singly: of each that was asked one by one as well; empty where nobody was.
    """
    asked = [*same, *singly]
    said = f"{_share(same)} answers are the same, token for token, {told}"
    if singly:
        said += f", and {_share(singly)} asked one by one"
    return Measurement(sum(asked) / len(asked), len(asked), message=said, sources=sources)


def in_band(
    told: str, same: Sequence[bool], moved: Sequence[Mapping[str, Any]], band: float, sources: Mapping[str, str]
) -> Measurement:
    """The share of metrics that moved by no more than the band.

    Rounding in bfloat16 is that of the kernel, and the kernel that of the batch's width: an answer that turns on a
    near tie of two tokens moves, and no adapter is worse for it. What such answers are judged by must not move.

    Args:
        moved: rows with ``metric``, ``value`` and ``other``; where there are none, the answers themselves must be the
            same.
        band: the largest difference that is let pass.
    """
    if not moved:
        return exact(told, same, (), sources)
    far = {str(row["metric"]): abs(row["other"] - row["value"]) for row in moved}
    name = max(far, key=lambda metric: far[metric])
    said = (
        f"{_share(same)} answers are the same, token for token, {told}; the form computes in bfloat16, and what moved "
        f"most is {name}, by {far[name]:.4f} where {band:.4g} is let pass"
    )
    # As differences of shares are computed: 0.05 of 20 items is 0.05000000000000004 away.
    held = [distance <= band + 1e-9 for distance in far.values()]
    return Measurement(sum(held) / len(held), len(held), message=said, sources=sources)


def _share(held: Sequence[bool]) -> str:
    return f"{sum(held)} of {len(held)}"
