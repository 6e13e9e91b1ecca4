"""A step's loss is the sum of its batches' shares, there are as many steps as batches make, and a bad one is named."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import TrainingError
from harness.spec.recipe import Experiment, Recipe
from training.steps import Steps, steps_of


@given(st.integers(1, 60), st.integers(1, 9), st.integers(1, 5), st.integers(1, 4))
def test_there_are_as_many_steps_as_an_epochs_batches_make(
    rows: int, size: int, accumulation: int, epochs: int
) -> None:
    recipe = Recipe(rank=1, alpha=1, batch_size=size, max_length=16, accumulation=accumulation)
    batches = [range(rows)[i : i + size] for i in range(0, rows, size)]
    steps = [batches[i : i + accumulation] for i in range(0, len(batches), accumulation)]
    assert steps_of(rows, recipe, Experiment("e", epochs, 1.0)) == epochs * len(steps)


@given(st.lists(st.lists(st.floats(0, 9), min_size=1, max_size=4), max_size=6))
def test_a_steps_loss_is_the_sum_of_its_batches_shares_and_is_told_once(shares: list[list[float]]) -> None:
    told: list[tuple[int, int]] = []
    steps = Steps("e", len(shares), [], lambda done, total: told.append((done, total)))
    for step in shares:
        for number, share in enumerate(step):
            steps.add(share, last=number == len(step) - 1)
    assert steps.losses == pytest.approx([sum(step) for step in shares])
    assert told == [(number + 1, len(shares)) for number in range(len(shares))]


@pytest.mark.parametrize("last", [True, False])
def test_a_share_that_is_not_finite_ends_the_training_at_once(last: bool) -> None:
    steps = Steps("slow", 7, [1.0, 1.0], lambda done, total: None)
    with pytest.raises(TrainingError, match="slow: the loss is nan at step 3 of 7; lower the learning rate"):
        steps.add(math.nan, last)
