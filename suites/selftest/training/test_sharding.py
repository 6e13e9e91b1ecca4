"""A training that was to share out its base, and does not, is refused before its first step.

Two processes that do share it out: `suites/selftest/sabotage/test_ranks.py`.
"""

from __future__ import annotations

from typing import Any

import pytest
from torch import nn

from harness.errors import TrainingError
from harness.spec.recipe import Recipe
from training import sharding

PLAIN = Recipe(rank=4, alpha=8, batch_size=4, max_length=64, trainer="trl", processes=2)
SHARDED = Recipe(rank=4, alpha=8, batch_size=4, max_length=64, trainer="trl", processes=2, sharding="fsdp")


def begun(recipe: Recipe, model: nn.Module) -> None:
    for one in sharding.watcher(recipe):
        one.on_train_begin(None, None, None, model=model)


@pytest.fixture
def whole() -> Any:
    """A frozen base of which this process holds everything."""
    model = nn.Linear(8, 8)
    model.requires_grad_(False)
    return model


def test_a_base_of_which_each_process_holds_all_is_refused(whole: nn.Module) -> None:
    with pytest.raises(TrainingError, match=r"of the base's 72 weights each of 2 processes holds 72: not all of its"):
        begun(SHARDED, whole)


def test_a_recipe_that_shares_out_nothing_is_not_watched(whole: nn.Module) -> None:
    begun(PLAIN, whole)
    assert sharding.arguments(PLAIN) == {}
