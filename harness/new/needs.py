"""How many benchmark items a threshold needs, and whether it can be a condition of the release."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.dataset.item import Item
from harness.metrics.registry import METRICS
from harness.new.measures import Choice
from harness.spec.policy import Policy
from harness.statistics import power

CONFIDENCE = Policy().confidence
WRONG = (0, 1, 2)


@dataclass(frozen=True, slots=True)
class Need:
    """One threshold, and what it needs."""

    choice: Choice
    n: int
    """Independent benchmark items that it is taken over."""
    items: tuple[int, int, int]
    """That prove it where none, one and two of them are wrong."""

    @property
    def blocking(self) -> bool:
        return self.n >= self.items[0]

    @property
    def missing(self) -> int:
        """Items that are missing, of the fewest that could prove it."""
        return max(0, self.items[0] - self.n)

    @property
    def may_miss(self) -> int:
        """Items that may be wholly wrong; -1 where none may, and it is not proved even then."""
        if self.n == 0:
            return -1
        return power.wrong_allowed(self.n, self.choice.above, CONFIDENCE, METRICS[self.choice.metric].kind)

    @property
    def chance(self) -> float:
        """To pass, of an adapter that is as good as is hoped for."""
        kind = METRICS[self.choice.metric].kind
        return power.pass_chance(self.n, self.choice.above, self.choice.expected, CONFIDENCE, kind) if self.n else 0.0


def wanted(choice: Choice) -> tuple[int, int, int]:
    """Items that prove a choice's threshold, with none, one and two wrong."""
    kind = METRICS[choice.metric].kind
    none, one, two = (power.items_needed(choice.above, wrong, CONFIDENCE, kind) for wrong in WRONG)
    return none, one, two


def of_split(choices: Sequence[Choice], splits: Mapping[str, Sequence[Item]]) -> tuple[list[Need], list[str]]:
    """What each threshold needs of a benchmark, and why some metrics are left out: `dev` or the benchmark has no item
    that they are taken over."""
    needs, notes = [], []
    for choice in choices:
        concerned = {
            split: {item.topic for item in items if METRICS[choice.metric].concerns(item)}
            for split, items in splits.items()
        }
        empty = [split for split in ("dev", "benchmark") if not concerned[split]]
        if empty:
            notes.append(f"{choice.metric} is taken over no item of {' and of '.join(empty)}, and is left out")
        else:
            needs.append(Need(choice, len(concerned["benchmark"]), wanted(choice)))
    return needs, notes
