"""The trainer that a recipe gets on this machine, and a training by it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from harness import out_of_memory
from harness.dataset.item import Item
from harness.engines import gpu
from harness.engines.progress import Progress, silent
from harness.errors import TrainingError
from harness.spec import trainer
from harness.spec.recipe import Recipe
from harness.store import digests
from training import adapter, no_memory, ranks, trl_trainer
from training.setting import Setting


def settled(recipe: Recipe) -> Recipe:
    """The recipe with its trainer named, as this machine's device decides where the recipe leaves it open.

    Torch is imported only where the recipe leaves it open and a device is possible at all.
    """
    return replace(recipe, trainer=trainer.chosen(recipe, not recipe.trainer and gpu.found()))


def identity(recipe: Recipe) -> dict[str, object]:
    """What of a settled recipe's trainer its result depends on: JSON values, for keys."""
    own = recipe.trainer == trainer.OWN
    return {
        "trainer": dict(digests.of_versions(("accelerate",) if own else ("accelerate", "datasets", "trl"))),
        "code": digests.of_code("training.adapter" if own else "training.ranks"),
    }


def train(
    base: Path,
    items: Sequence[Item],
    setting: Setting,
    folder: Path,
    scratch: Path,
    progress: Progress = silent,
) -> None:
    """Train an adapter into `folder` by the settled recipe's trainer.

    Args:
        base: checkpoint of the weights as served; with `setting.four_bit` that of the base.
        scratch: where checkpoints are put, as `training.adapter.train` does.

    Raises:
        TrainingError: the trainer is missing, this device cannot do what the recipe asks, or training cannot go on.
        NoMemoryError: memory ran out.
    """
    recipe = setting.recipe
    for key, problem in trainer.undone(recipe, gpu.found()):
        raise TrainingError(f"recipe.{key}: {problem}")
    with out_of_memory.said(no_memory.doing(recipe), no_memory.mend(recipe)):
        if recipe.trainer == trainer.OWN:
            assert not setting.four_bit, "the own loop trains on weights that are rounded already"
            adapter.train(base, items, setting, folder, scratch, progress)
        else:
            by = trl_trainer.train if recipe.processes == 1 else ranks.train
            by(base, items, setting, folder, scratch, progress)
