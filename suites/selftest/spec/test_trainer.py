"""A recipe's trainer is named or the device's own, and what a trainer cannot do is refused when the spec is read."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import pytest

from harness.errors import SpecError
from harness.spec import load, trainer
from harness.spec.objects import Spec
from harness.spec.recipe import Recipe
from suites.tiny.child import Line

PLAIN = Recipe(rank=4, alpha=8, batch_size=4, max_length=64)
BEYOND = {
    "optimizer": '"paged-adamw"',
    "checkpointing": "true",
    "packing": "true",
    "processes": "2",
    "sharding": '"fsdp"',
}
"""Keys that the own loop does not serve, with such a value of each."""


@pytest.fixture
def copied(line: Line, tmp_path: Path) -> Line:
    return line.copy(tmp_path / "line")


def asked(line: Line, *lines: str) -> Spec:
    line.edit("max_length = 128", "\n".join(["max_length = 128", *lines]))
    return load.load(line.spec)


def test_a_recipe_that_names_no_trainer_gets_the_devices_own() -> None:
    assert trainer.chosen(PLAIN, cuda=False) == "own"
    assert trainer.chosen(PLAIN, cuda=True) == "trl"
    for named, cuda in itertools.product((trainer.OWN, trainer.TRL), (False, True)):
        assert trainer.chosen(replace(PLAIN, trainer=named), cuda) == named


@pytest.mark.parametrize("key", BEYOND)
def test_what_the_own_loop_cannot_do_is_refused_when_the_spec_is_read(copied: Line, key: str) -> None:
    with pytest.raises(SpecError) as caught:
        asked(copied, 'trainer = "own"', f"{key} = {BEYOND[key]}")
    first = str(caught.value)
    assert f"recipe.{key}: " in first
    assert 'trainer = "own" has no such thing; set trainer = "trl", or ' in first


def test_all_that_the_own_loop_cannot_do_is_told_at_once(copied: Line) -> None:
    with pytest.raises(SpecError) as caught:
        asked(copied, 'trainer = "own"', *(f"{key} = {value}" for key, value in BEYOND.items()))
    assert [key for key, _ in caught.value.told] == [f"recipe.{key}" for key in BEYOND]


def test_a_batch_that_processes_cannot_share_evenly_is_refused(copied: Line) -> None:
    with pytest.raises(SpecError, match=r"recipe\.processes: 3 cannot share batches of 4 evenly; make"):
        asked(copied, 'trainer = "trl"', "processes = 3")


def test_a_base_is_shared_out_among_several_processes_or_not_at_all(copied: Line) -> None:
    with pytest.raises(SpecError, match=r"recipe\.sharding: 'fsdp' shares the base among processes, and there is one"):
        asked(copied, 'trainer = "trl"', 'sharding = "fsdp"')


def test_an_optimizer_that_knows_no_parts_is_refused_beside_it(copied: Line) -> None:
    with pytest.raises(SpecError, match=r"recipe\.optimizer: 'paged-adamw' knows no parts of weights; with sharding"):
        asked(copied, 'trainer = "trl"', 'sharding = "fsdp"', "processes = 2", 'optimizer = "paged-adamw"')


def test_it_is_accepted_where_nothing_is_in_the_way(copied: Line) -> None:
    assert asked(copied, 'trainer = "trl"', 'sharding = "fsdp"', "processes = 2").recipe.sharding == "fsdp"
