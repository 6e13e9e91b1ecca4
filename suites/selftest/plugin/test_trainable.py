"""What this machine cannot train as the recipe says is told before the run, with its mend."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from harness.errors import SpecError
from harness.plugin import trainable
from harness.spec import load
from harness.spec.objects import Spec
from harness.spec.recipe import Recipe
from suites.tiny import child
from suites.tiny.child import Line

PLAIN = Recipe(rank=4, alpha=8, batch_size=4, max_length=64)
BEYOND = {
    "optimizer": '"paged-adamw"',
    "checkpointing": "true",
    "packing": "true",
    "processes": "2",
}
"""Keys that the own loop does not serve, with such a value of each."""


@pytest.fixture
def copied(line: Line, tmp_path: Path) -> Line:
    return line.copy(tmp_path / "line")


def asked(line: Line, *lines: str) -> Spec:
    line.edit("max_length = 128", "\n".join(["max_length = 128", *lines]))
    return load.load(line.spec)


@pytest.mark.parametrize("key", BEYOND)
def test_what_the_own_loop_cannot_do_is_refused_on_a_cpu_where_no_trainer_is_named(copied: Line, key: str) -> None:
    spec = asked(copied, f"{key} = {BEYOND[key]}")
    with pytest.raises(SpecError, match=f"recipe.{key}: .*(set trainer = |set optimizer = )"):
        trainable.check(spec, cuda=False)


def test_a_missing_trl_is_told_with_the_command_that_brings_it(copied: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "trl", None)
    named = asked(copied, 'trainer = "trl"')
    for spec, cuda in ((named, False), (named, True), (replace(named, recipe=PLAIN), True)):
        with pytest.raises(SpecError, match=r"recipe\.trainer: TRL.* is not installed: python -m pip install -c"):
            trainable.check(spec, cuda)


def test_a_missing_trl_costs_nothing_where_it_does_not_train(
    line: Line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "trl", None)
    spec = load.load(line.spec)
    trainable.check(spec, cuda=False)
    trainable.check(replace(spec, recipe=replace(PLAIN, trainer="own")), cuda=True)
    given = {name: replace(one, path=tmp_path) for name, one in spec.adapters.items()}
    trainable.check(replace(spec, recipe=replace(PLAIN, trainer="trl"), adapters=given), cuda=True)


@pytest.mark.parametrize(
    ("environment", "driver", "torch", "expected"),
    [
        pytest.param({}, True, "2.13.0", True, id="a-driver"),
        pytest.param({"CUDA_VISIBLE_DEVICES": "1"}, True, "2.13.0+cu130", True, id="one-of-several"),
        pytest.param({"CUDA_VISIBLE_DEVICES": ""}, True, "2.13.0", False, id="hidden"),
        pytest.param({"CUDA_VISIBLE_DEVICES": "-1"}, True, "2.13.0", False, id="hidden-by-number"),
        pytest.param({}, True, "2.13.0+cpu", False, id="torch-for-processors"),
        pytest.param({}, False, "2.13.0", False, id="no-driver"),
    ],
)
def test_whether_torch_will_find_a_card(
    tmp_path: Path, environment: dict[str, str], driver: bool, torch: str, expected: bool
) -> None:
    assert trainable.card(environment, tmp_path if driver else tmp_path / "none", torch) is expected


def test_a_paged_optimizer_without_a_card_is_refused_before_the_run(copied: Line) -> None:
    if trainable.card():
        pytest.skip("there is a card here")
    asked(copied, 'trainer = "trl"', 'optimizer = "paged-adamw-8bit"')
    done = child.release(copied, "paged")
    assert done.status == 4
    assert "recipe.optimizer: 'paged-adamw-8bit' pages between a card and the machine, and there is no" in done.output
    assert not copied.out.exists() or not (copied.out / "runs" / "paged").exists()
