"""The steps of a training: how many there are, and the loss of each, told as soon as it is known."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from harness.engines.progress import Progress
from harness.errors import TrainingError
from harness.spec.recipe import Experiment, Recipe

SCHEDULERS: Mapping[str, str] = {"linear": "linear", "cosine": "cosine", "constant": "constant_with_warmup"}
"""The recipe's word -> the one of transformers."""


def steps_of(rows: int, recipe: Recipe, experiment: Experiment) -> int:
    """Steps of a whole training over so many rows; an epoch's last batch and last step may be short."""
    return experiment.epochs * math.ceil(math.ceil(rows / recipe.batch_size) / recipe.accumulation)


@dataclass(slots=True)
class Steps:
    """The losses so far, in nats per completion token."""

    name: str
    """The experiment's."""
    total: int
    losses: list[float]
    """One a step; begins with those of a training that is gone on with."""
    progress: Progress
    _parts: list[float] = field(default_factory=list)

    def add(self, loss: float, last: bool) -> None:
        """Take in a batch's share of a step's loss; `last` of the step's batches ends it.

        Raises:
            TrainingError: the loss is not finite.
        """
        self._parts.append(loss)
        if math.isfinite(loss) and not last:
            return
        self.losses.append(sum(self._parts))
        self._parts.clear()
        if not math.isfinite(loss):
            raise TrainingError(
                f"{self.name}: the loss is {self.losses[-1]} at step {len(self.losses)} of {self.total}; "
                "lower the learning rate or look at that batch"
            )
        self.progress(len(self.losses), self.total)
