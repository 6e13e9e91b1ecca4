"""TRL trains what the own loop trains: a tiny random Qwen3 learns the same, step by step, and leaves the same files."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoTokenizer, Qwen3Config, Qwen3ForCausalLM

from harness.dataset.checks import items_of
from harness.dataset.item import Item
from harness.engines import nf4, rounded
from harness.errors import TrainingError
from harness.spec import load
from harness.spec.recipe import Experiment, Recipe
from harness.store import digests
from suites.tiny.child import Line
from training import checkpoints, quantized_base, trainers
from training.setting import Setting

ROUNDING = 1e-5
"""Relative, of losses that differ by the order of additions alone."""
PLAIN = Recipe(rank=4, alpha=8, batch_size=4, max_length=128, warmup_share=0.2, trainer="trl")
OWN = replace(PLAIN, trainer="own")
EXPERIMENT = Experiment("e", 2, 1e-2)
ADAPTER = "adapter_model.safetensors"


@pytest.fixture(scope="module", autouse=True)
def trl() -> None:
    pytest.importorskip("trl", reason="TRL is not installed: python -m pip install -c constraints.txt trl")


@pytest.fixture(scope="module")
def base(line: Line, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two layers of a random Qwen3 under the tiny line's tokenizer."""
    folder = tmp_path_factory.mktemp("qwen3")
    tokenizer = AutoTokenizer.from_pretrained(line.spec.parent / "base")
    torch.manual_seed(11)
    config = Qwen3Config(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=16,
        max_position_embeddings=256,
        tie_word_embeddings=False,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    Qwen3ForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def items(line: Line) -> tuple[Item, ...]:
    return items_of(load.load(line.spec).tasks["sea"], "train")[:11]


@dataclass(frozen=True, slots=True)
class Trained:
    folder: Path
    losses: list[float]
    """One a step."""


class Train:
    """``train(recipe)``: what was trained so, once for all tests of this module."""

    def __init__(self, base: Path, items: tuple[Item, ...], place: Path) -> None:
        self.base, self.items, self.place = base, items, place
        self.known: dict[tuple[Recipe, bool], Trained] = {}

    def __call__(self, recipe: Recipe, four_bit: bool = False) -> Trained:
        key = (recipe, four_bit)
        if key not in self.known:
            self.known[key] = self.anew(recipe, self.place / f"training-{len(self.known)}", four_bit)
        return self.known[key]

    def anew(self, recipe: Recipe, folder: Path, four_bit: bool, **more: Any) -> Trained:
        """The same in a folder of its own; checkpoints lie beside it."""
        scratch, weights = folder.with_suffix(".scratch"), more.pop("base", self.base)
        trainers.train(weights, self.items, Setting(recipe, EXPERIMENT, 7, 1, four_bit), folder, scratch, **more)
        told = json.loads((folder / "training.json").read_text(encoding="utf-8"))
        return Trained(folder, told["losses"])


@pytest.fixture(scope="module")
def train(base: Path, items: tuple[Item, ...], tmp_path_factory: pytest.TempPathFactory) -> Train:
    return Train(base, items, tmp_path_factory.mktemp("trained"))


@pytest.mark.parametrize(
    ("options", "steps"),
    [
        pytest.param({}, 6, id="plain"),
        pytest.param(
            {"accumulation": 2, "scheduler": "cosine", "dropout": 0.1, "first_layer": 1}, 4, id="with-options"
        ),
    ],
)
def test_both_trainers_learn_the_same_and_leave_the_same_files(
    train: Train, options: dict[str, Any], steps: int
) -> None:
    own, by_trl = train(replace(OWN, **options)), train(replace(PLAIN, **options))

    assert len(own.losses) == steps
    assert own.losses[-1] < own.losses[0]
    assert by_trl.losses == pytest.approx(own.losses, rel=ROUNDING), "and 2 % is what is promised"
    first, second = (load_file(one.folder / ADAPTER) for one in (own, by_trl))
    assert {name: (one.shape, one.dtype) for name, one in first.items()} == {
        name: (one.shape, one.dtype) for name, one in second.items()
    }
    files = [digests.of_folder(one.folder) for one in (own, by_trl)]
    assert files[0].keys() == files[1].keys()
    assert files[0]["adapter_config.json"] == files[1]["adapter_config.json"]


def test_which_trainer_it_was_is_told_beside_the_losses(train: Train) -> None:
    told = json.loads((train(PLAIN).folder / "training.json").read_text(encoding="utf-8"))
    assert told["trainer"] == f"TRL {digests.of_versions(['trl'])['trl']}"


def test_on_a_base_in_four_bits_it_learns_what_the_own_loop_learns_on_the_rounded_one(
    train: Train, tmp_path: Path
) -> None:
    rounded.write(train.base, tmp_path / "served", {})
    own = train.anew(OWN, tmp_path / "own", four_bit=False, base=tmp_path / "served")
    by_trl = train(PLAIN, four_bit=True)
    assert by_trl.losses == pytest.approx(own.losses, rel=ROUNDING)
    found = load_file(by_trl.folder / ADAPTER)
    assert {one.dtype for one in found.values()} == {torch.float32}, "and not rounded to bfloat16 on the way"


def test_a_base_in_four_bits_is_nf4_in_all_layers_and_holds_no_other_copy(base: Path) -> None:
    model = quantized_base.load(base, PLAIN, "cpu")
    census = nf4.census(model)
    assert census.four_bit == census.linear == 14
    whole = Qwen3ForCausalLM.from_pretrained(base, dtype=torch.float32)
    assert census.footprint < 0.7 * whole.get_memory_footprint(), "embeddings and head are left as they are"


@pytest.mark.parametrize("by", [OWN, PLAIN], ids=["own", "trl"])
def test_accumulated_batches_are_the_larger_batch(train: Train, by: Recipe) -> None:
    """Answers differ in length, so a mean over batches would not be the mean over tokens."""
    whole, parts = train(replace(OWN, batch_size=8)), train(replace(by, batch_size=2, accumulation=4))
    assert parts.losses == pytest.approx(whole.losses, rel=ROUNDING)


def test_a_training_that_was_cut_off_goes_on_and_ends_in_the_same_bytes(
    train: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "EVERY", 0.0)
    recipe = replace(PLAIN, dropout=0.1)
    begun: list[int] = []

    def cut_off(done: int, total: int) -> None:
        if done == 4:
            raise KeyboardInterrupt

    whole = train(recipe, four_bit=True)
    with pytest.raises(KeyboardInterrupt):
        train.anew(recipe, tmp_path / "half", four_bit=True, progress=cut_off)
    train.anew(recipe, tmp_path / "half", four_bit=True, progress=lambda done, total: begun.append(done))
    assert begun == [4, 5, 6], "the steps before are not trained again"
    assert digests.of_folder(tmp_path / "half") == digests.of_folder(whole.folder)


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
def test_packed_samples_do_not_see_each_other(train: Train, attention: Any) -> None:
    """A whole epoch in a step: however samples are laid out, the loss is the mean over their learned tokens."""
    whole = replace(PLAIN, batch_size=16, max_length=256)
    packed = train(replace(whole, packing=True, attention=attention))
    assert packed.losses == pytest.approx(train(whole).losses, rel=ROUNDING)


def test_layers_that_are_computed_again_change_nothing(train: Train) -> None:
    assert train(replace(PLAIN, checkpointing=True)).losses == pytest.approx(train(PLAIN).losses, rel=ROUNDING)


def test_a_loss_that_is_not_finite_stops_at_once_and_names_the_step(
    base: Path, items: tuple[Item, ...], tmp_path: Path
) -> None:
    absurd = Experiment("e", 3, 1e30)
    recipe = replace(PLAIN, max_grad_norm=1e30)
    with pytest.raises(TrainingError, match=r"e: the loss is (nan|inf) at step \d+ of 9"):
        trainers.train(base, items, Setting(recipe, absurd, 1, 1), tmp_path / "a", tmp_path / "b")


def test_a_missing_trl_is_told_with_the_command_that_brings_it(
    train: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "trl", None)
    with pytest.raises(TrainingError, match=r"TRL is not installed: python -m pip install -c constraints\.txt trl"):
        train.anew(PLAIN, tmp_path / "a", four_bit=False)


def test_another_number_of_processes_than_the_recipes_trains_nothing(
    train: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORLD_SIZE", "3")
    with pytest.raises(TrainingError, match=r"recipe\.processes is 1, and 3 were started; start as many"):
        train.anew(PLAIN, tmp_path / "a", four_bit=False)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device here")
def test_on_a_cpu_the_own_loop_trains_and_a_paged_optimizer_is_refused(train: Train, tmp_path: Path) -> None:
    assert trainers.settled(replace(PLAIN, trainer=None)).trainer == "own"
    with pytest.raises(TrainingError, match=r"recipe\.optimizer: 'paged-adamw' pages between a card and the machine"):
        train.anew(replace(PLAIN, optimizer="paged-adamw"), tmp_path / "a", four_bit=False)


def test_the_two_trainers_have_keys_of_their_own() -> None:
    own, by_trl = trainers.identity(OWN), trainers.identity(PLAIN)
    assert own["code"] != by_trl["code"]
    assert "trl" in by_trl["trainer"]
    assert "trl" not in own["trainer"]
