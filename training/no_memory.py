"""What is told of a training that memory ran out in: what was trained, and how the recipe can ask for less."""

from __future__ import annotations

from harness import out_of_memory
from harness.spec.recipe import Recipe
from harness.spec.trainer import TRL


def doing(recipe: Recipe) -> str:
    return f"training an adapter, {recipe.batch_size} samples of up to {recipe.max_length} tokens at once"


def mend(recipe: Recipe) -> str:
    """Keys that are there to be turned, those that change what is learned least first."""
    asked = []
    if recipe.batch_size > recipe.processes:
        asked.append("lower recipe.batch_size and raise recipe.accumulation by as much")
    if recipe.trainer == TRL and not recipe.checkpointing:
        asked.append("set recipe.checkpointing = true")
    if recipe.base_dtype == "float32":
        asked.append('set recipe.base_dtype = "bfloat16"')
    asked.append("lower recipe.max_length")
    return f"{', '.join(asked)}; or {out_of_memory.ELSE}"
