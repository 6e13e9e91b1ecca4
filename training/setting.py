"""How one adapter is trained, as every trainer is told it."""

from __future__ import annotations

from dataclasses import dataclass

from harness.spec.recipe import Experiment, Recipe


@dataclass(frozen=True, slots=True)
class Setting:
    """All that decides a training, beside the weights and the items."""

    recipe: Recipe
    """With its trainer named where `training.trainers` is asked (`training.trainers.settled`)."""
    experiment: Experiment
    seed: int
    threads: int
    """Of torch, in each process."""
    four_bit: bool = False
    """Whether the base is made into NF4 modules in memory; its checkpoint is then that of the base, and not that of the
    weights as served."""
