"""Training on the tiny model: the loss is the textbook's, batches are whole, one recipe gives one set of bytes."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import AutoModelForCausalLM, AutoTokenizer

from harness.dataset.checks import items_of
from harness.dataset.item import Item
from harness.errors import TrainingError
from harness.spec import load
from harness.spec.objects import Spec
from harness.spec.recipe import Experiment
from harness.store import digests
from suites.tiny.child import Line
from training import checkpoints, norms
from training.adapter import train
from training.loss import completion_loss
from training.samples import Buckets, collate, tokenize
from training.setting import Setting

SHORT = Experiment("short", 1, 1e-2)


@pytest.fixture(scope="module")
def tiny_spec(line: Line) -> Spec:
    return load.load(line.spec)


@pytest.fixture(scope="module")
def base(line: Line) -> Path:
    return line.spec.parent / "base"


@pytest.fixture(scope="module")
def items(tiny_spec: Spec) -> tuple[Item, ...]:
    return items_of(tiny_spec.tasks["sea"], "train")


@pytest.fixture(scope="module")
def tokenizer(base: Path) -> Any:
    return AutoTokenizer.from_pretrained(base)


@given(
    st.lists(st.integers(1, 90), min_size=1, max_size=60),
    st.integers(1, 7),
    st.integers(0, 2**16),
)
def test_an_epoch_of_buckets_visits_every_sample_once(lengths: list[int], batch_size: int, seed: int) -> None:
    buckets = Buckets(lengths, batch_size, seed)
    assert sorted(buckets) == list(range(len(lengths)))
    buckets.set_epoch(1)
    assert sorted(buckets) == list(range(len(lengths))), "and so does the next epoch"


def test_every_epoch_has_its_own_order_whichever_comes_first() -> None:
    through, late = Buckets(range(40), 2, 1), Buckets(range(40), 2, 1)
    orders = []
    for epoch in range(3):
        through.set_epoch(epoch)
        orders.append(list(through))
    late.set_epoch(2)
    assert orders[0] != orders[1] != orders[2]
    assert list(late) == orders[2]


def test_buckets_pad_less_than_a_plain_shuffle() -> None:
    lengths = [10 + (k * 37) % 90 for k in range(64)]
    order = list(Buckets(lengths, 4, 1))
    plain = torch.randperm(64, generator=torch.Generator().manual_seed(1)).tolist()

    def padding(indices: list[int]) -> int:
        rows = [indices[k : k + 4] for k in range(0, 64, 4)]
        return sum(max(lengths[i] for i in row) - lengths[k] for row in rows for k in row)

    assert padding(order) < padding(plain) / 2


def test_the_loss_is_the_models_own_over_the_completions(base: Path, items: tuple[Item, ...], tokenizer: Any) -> None:
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32).eval()
    batch = collate(tokenize(tokenizer, items[:5], 128), tokenizer.pad_token_id)
    with torch.inference_mode():
        assert float(completion_loss(model, batch)) == pytest.approx(float(model(**batch).loss), rel=1e-5)


def test_fused_norms_change_nothing_but_rounding(base: Path, items: tuple[Item, ...], tokenizer: Any) -> None:
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32).eval()
    batch = collate(tokenize(tokenizer, items[:5], 128), tokenizer.pad_token_id)
    with torch.inference_mode():
        before = model(**batch).logits
        assert norms.fuse(model) == 5, "two a layer and one at the end"
        torch.testing.assert_close(model(**batch).logits, before, rtol=1e-4, atol=1e-5)


def test_only_the_answer_is_learned(items: tuple[Item, ...], tokenizer: Any) -> None:
    sample = tokenize(tokenizer, items[:1], 128)[0]
    batch = collate([sample], tokenizer.pad_token_id)
    learned = batch["labels"][0][batch["labels"][0] != -100].tolist()
    assert tokenizer.decode(learned) == f"{items[0].reference}{tokenizer.eos_token}"


def test_a_sample_that_does_not_fit_is_refused_by_name(items: tuple[Item, ...], tokenizer: Any) -> None:
    with pytest.raises(TrainingError, match=items[0].id):
        tokenize(tokenizer, items, 20)


def test_no_items_are_refused(tokenizer: Any) -> None:
    with pytest.raises(TrainingError):
        tokenize(tokenizer, (), 128)


def test_a_loss_that_is_not_finite_stops_at_once_and_names_the_step(
    base: Path, items: tuple[Item, ...], tiny_spec: Spec, tmp_path: Path
) -> None:
    absurd = replace(SHORT, learning_rate=1e30, epochs=3)
    recipe = replace(tiny_spec.recipe, max_grad_norm=1e30)
    with pytest.raises(TrainingError, match=r"step \d+ of 12"):
        train(base, items, Setting(recipe, absurd, 1, 1), tmp_path, tmp_path / "scratch")


def test_the_same_recipe_gives_the_same_bytes(
    base: Path, items: tuple[Item, ...], tiny_spec: Spec, tmp_path: Path
) -> None:
    found = []
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        train(base, items, Setting(tiny_spec.recipe, SHORT, 1, 1), tmp_path / name, tmp_path / f"{name} scratch")
        found.append(digests.of_folder(tmp_path / name))
    assert found[0] == found[1]


class _KilledError(Exception):
    """Stands for a kill: it leaves the checkpoints where they are."""


@pytest.mark.parametrize("at", [2, 4, 9, 11], ids=lambda step: f"step-{step}")
def test_a_training_that_was_cut_off_goes_on_and_ends_in_the_same_bytes(
    base: Path, items: tuple[Item, ...], tiny_spec: Spec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    monkeypatch.setattr(checkpoints, "EVERY", 0.0)
    long = replace(SHORT, epochs=3)

    def cut_off(done: int, total: int) -> None:
        if done == at:
            raise _KilledError

    train(base, items, Setting(tiny_spec.recipe, long, 1, 1), tmp_path / "whole", tmp_path / "one")
    with pytest.raises(_KilledError):
        train(base, items, Setting(tiny_spec.recipe, long, 1, 1), tmp_path / "half", tmp_path / "two", cut_off)
    steps: list[int] = []
    train(
        base,
        items,
        Setting(tiny_spec.recipe, long, 1, 1),
        tmp_path / "half",
        tmp_path / "two",
        lambda done, _: steps.append(done),
    )
    assert steps[0] == at, "the steps before are not trained again"
    assert digests.of_folder(tmp_path / "half") == digests.of_folder(tmp_path / "whole")


def test_a_checkpoint_that_was_being_written_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "checkpoint-4").mkdir()
    (tmp_path / "checkpoint-4" / checkpoints.LOSSES).write_text("[4.0, 3.0, 2.0, 1.0]")
    (tmp_path / "checkpoint-11").mkdir()
    assert checkpoints.latest(tmp_path) == checkpoints.Checkpoint(tmp_path / "checkpoint-4", (4.0, 3.0, 2.0, 1.0))


def test_another_seed_gives_another_adapter(
    base: Path, items: tuple[Item, ...], tiny_spec: Spec, tmp_path: Path
) -> None:
    found = []
    for seed in (1, 2):
        folder = tmp_path / str(seed)
        folder.mkdir()
        train(base, items, Setting(tiny_spec.recipe, SHORT, seed, 1), folder, tmp_path / "scratch")
        found.append(digests.of_folder(folder)["adapter_model.safetensors"])
    assert found[0] != found[1]


def test_the_adapter_names_no_path_of_this_machine(
    base: Path, items: tuple[Item, ...], tiny_spec: Spec, tmp_path: Path
) -> None:
    train(base, items, Setting(tiny_spec.recipe, SHORT, 1, 1), tmp_path / "adapter", tmp_path / "scratch")
    assert str(base) not in (tmp_path / "adapter" / "adapter_config.json").read_text(encoding="utf-8")


def test_every_steps_loss_is_kept(base: Path, items: tuple[Item, ...], tiny_spec: Spec, tmp_path: Path) -> None:
    train(base, items, Setting(tiny_spec.recipe, SHORT, 1, 1), tmp_path / "adapter", tmp_path / "scratch")
    losses = json.loads((tmp_path / "adapter" / "training.json").read_text(encoding="utf-8"))["losses"]
    assert len(losses) == math.ceil(len(items) / tiny_spec.recipe.batch_size)
