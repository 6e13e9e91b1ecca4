"""A training that two processes share is the training of one: same steps, same losses, one adapter."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from harness.dataset.checks import items_of
from harness.errors import TrainingError
from harness.spec import load
from harness.spec.recipe import Experiment, Recipe
from suites.tiny.child import Line
from training import checkpoints, trainers
from training.setting import Setting

ALONE = Recipe(rank=4, alpha=8, batch_size=4, max_length=128, warmup_share=0.2, trainer="trl", accumulation=2)
SHARED = replace(ALONE, processes=2)
SHARDED = replace(SHARED, sharding="fsdp")
EXPERIMENT = Experiment("e", 2, 1e-2)


@pytest.fixture(autouse=True)
def trl() -> None:
    pytest.importorskip("trl", reason="TRL is not installed: python -m pip install -c constraints.txt trl")


@pytest.mark.slow
@pytest.mark.parametrize("shared", [SHARED, SHARDED], ids=["copies", "shards"])
def test_two_processes_train_what_one_trains_and_go_on_where_they_were_cut_off(
    shared: Recipe, line: Line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sixteen items are a multiple of the batch, so no item is learned twice to fill one up."""
    items, base = items_of(load.load(line.spec).tasks["sea"], "train"), line.spec.parent / "base"
    begun: list[int] = []

    def cut_off(done: int, total: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    trainers.train(base, items, Setting(ALONE, EXPERIMENT, 7, 1, four_bit=True), tmp_path / "one", tmp_path / "a")
    monkeypatch.setattr(checkpoints, "EVERY", 0.0)
    two = (base, items, Setting(shared, EXPERIMENT, 7, 1, four_bit=True), tmp_path / "two", tmp_path / "b")
    with pytest.raises(KeyboardInterrupt):
        trainers.train(*two, cut_off)
    assert checkpoints.latest(tmp_path / "b") is not None
    trainers.train(*two, lambda done, total: begun.append(done))

    assert begun[0] > 1, "the steps before are not trained again"
    assert begun[-1] == 4
    alone, together = (json.loads((tmp_path / name / "training.json").read_text())["losses"] for name in ("one", "two"))
    assert together == pytest.approx(alone, rel=1e-5)
    same(tmp_path / "one", tmp_path / "two")


def same(one: Path, other: Path) -> None:
    first, second = (load_file(folder / "adapter_model.safetensors") for folder in (one, other))
    assert first.keys() == second.keys()
    assert all(torch.allclose(first[name], second[name], atol=1e-5, rtol=0.0) for name in first)


@pytest.mark.slow
def test_a_base_that_is_not_in_four_bits_is_shared_out_too(line: Line, tmp_path: Path) -> None:
    items, base = items_of(load.load(line.spec).tasks["sea"], "train"), line.spec.parent / "base"
    for name, recipe in (("one", ALONE), ("two", SHARDED)):
        trainers.train(base, items, Setting(recipe, EXPERIMENT, 7, 1), tmp_path / name, tmp_path / f"{name}-scratch")
    same(tmp_path / "one", tmp_path / "two")


@pytest.mark.slow
def test_what_stops_the_processes_is_told_as_one_process_would(line: Line, tmp_path: Path) -> None:
    items, base = items_of(load.load(line.spec).tasks["sea"], "train"), line.spec.parent / "base"
    absurd, recipe = Experiment("e", 3, 1e30), replace(SHARED, max_grad_norm=1e30, accumulation=1)
    with pytest.raises(TrainingError, match=r"e: the loss is (nan|inf) at step \d+ of 12"):
        trainers.train(base, items, Setting(recipe, absurd, 1, 1), tmp_path / "a", tmp_path / "b")
