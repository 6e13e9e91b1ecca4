"""Effect of asking until a gate is settled: on its power, its false passes and the number of items asked.

Exact for items that are wholly right or wholly missed: the distribution of the number of right items is followed from
stage to stage, and a number is taken out where the betting bound passes or fails the threshold (`harness.gates.looks`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from harness.statistics.power import wrong_allowed

_Vector = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Course:
    """Chance to pass and mean number of items, for a model of one true quality that is asked in stages."""

    passes: float
    """Chance, 0 to 1, to pass at one of the looks."""
    asked: float
    """Mean number of items that are asked."""


def course(looks: Sequence[int], threshold: float, quality: float, confidence: float) -> Course:
    """The course of one gate by itself. Beside gates that settle later its items are asked on, which makes neither
    error larger.

    Args:
        looks: items asked at each look, ascending; the last is all there are.
        quality: the true share of right items.

    Raises:
        ValueError: there are no looks, or they do not ascend.
    """
    if not looks or any(later <= earlier for earlier, later in zip((0, *looks), looks, strict=False)):
        raise ValueError(f"looks must ascend from 1 on, got {list(looks)}")
    from scipy import stats  # type: ignore[import-untyped]

    alive: _Vector = np.ones(1)
    passes = asked = 0.0
    seen = 0
    for n in looks:
        alive = np.convolve(alive, stats.binom.pmf(np.arange(n - seen + 1), n - seen, quality))
        seen = n
        most, least = _settling(n, threshold, confidence)
        wrong = n - np.arange(n + 1)
        passed, failed = wrong <= most, n - wrong <= least
        passes += float(alive[passed].sum())
        asked += n * float(alive[passed | failed].sum())
        alive = np.where(passed | failed, 0.0, alive)
    return Course(min(1.0, passes), asked + seen * float(alive.sum()))


@lru_cache(maxsize=4096)
def _settling(n: int, threshold: float, confidence: float) -> tuple[int, int]:
    """The most wrong items of `n` that pass, and the most right ones that fail; -1 where none do.

    To fail is to prove that the share of wrong items is above what the threshold leaves.
    """
    return (
        wrong_allowed(n, threshold, confidence, "mean"),
        wrong_allowed(n, 1.0 - threshold, confidence, "mean") if threshold > 0.0 else -1,
    )


def evenly(n: int, size: int) -> tuple[int, ...]:
    """Looks after every `size` of `n` items, and after the last one."""
    return (*range(size, n, size), n)
