"""Frozen layers compute a batch once, and training ends in the bytes that it would have ended in."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from harness.dataset.checks import items_of
from harness.spec import load
from harness.spec.recipe import Experiment, Recipe
from harness.store import digests
from suites.tiny.child import Line
from training import adapter, recall
from training.samples import collate, tokenize
from training.setting import Setting

RECIPE = Recipe(rank=8, alpha=16, batch_size=1, max_length=128, attention="eager", first_layer=1)


@pytest.fixture(scope="module")
def base(line: Line) -> Path:
    return line.spec.parent / "base"


def test_a_batch_that_comes_again_is_not_computed_again_below_the_adapter(line: Line, base: Path) -> None:
    items = items_of(load.load(line.spec).tasks["sea"], "train")[:3]
    tokenizer = AutoTokenizer.from_pretrained(base)
    batches = [collate([one], tokenizer.pad_token_id) for one in tokenize(tokenizer, items, 128)]
    decoder = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32).eval().get_decoder()
    calls: Counter[int] = Counter()
    for number, layer in enumerate(decoder.layers):
        layer.mlp.register_forward_hook(lambda *_, number=number: calls.update([number]))

    def states() -> list[torch.Tensor]:
        with torch.no_grad():
            return [decoder(input_ids=one["input_ids"]).last_hidden_state for one in batches]

    plain = states()
    calls.clear()
    with recall.recalled(decoder, 1) as known:
        first, again = states(), states()
        assert len(known) == 3
    for one, two, three in zip(plain, first, again, strict=True):
        assert torch.equal(one, two)
        assert torch.equal(one, three)
    assert calls == {0: 3, 1: 6}
    assert all(torch.equal(one, two) for one, two in zip(plain, states(), strict=True)), "and nothing is left behind"


def test_training_ends_in_the_same_bytes_with_and_without_memory(
    line: Line, base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = items_of(load.load(line.spec).tasks["sea"], "train")

    def trained(name: str) -> str:
        scratch = tmp_path / f"{name}-scratch"
        scratch.mkdir()
        adapter.train(base, items, Setting(RECIPE, Experiment("e", 3, 1e-2), 3, 1), tmp_path / name, scratch)
        return digests.of_file(tmp_path / name / "adapter_model.safetensors")

    remembered = trained("remembered")
    monkeypatch.setattr(recall, "MOST", 0)
    assert trained("computed") == remembered


def test_only_layers_from_the_first_on_are_changed(line: Line, base: Path, tmp_path: Path) -> None:
    from safetensors import safe_open

    items = items_of(load.load(line.spec).tasks["sea"], "train")
    (tmp_path / "scratch").mkdir()
    adapter.train(base, items, Setting(RECIPE, Experiment("e", 1, 1e-2), 3, 1), tmp_path / "a", tmp_path / "scratch")
    with safe_open(tmp_path / "a" / "adapter_model.safetensors", framework="pt") as stored:
        names: list[Any] = list(stored.keys())
    assert names
    assert all(".layers.1." in name for name in names)


def test_a_first_layer_that_the_base_does_not_have_is_refused(line: Line, base: Path, tmp_path: Path) -> None:
    from dataclasses import replace

    from harness.errors import TrainingError

    items = items_of(load.load(line.spec).tasks["sea"], "train")
    recipe = replace(RECIPE, first_layer=2)
    with pytest.raises(TrainingError, match=r"recipe\.first_layer is 2, and the base has 2 layers"):
        adapter.train(base, items, Setting(recipe, Experiment("e", 1, 1e-2), 3, 1), tmp_path / "a", tmp_path)
