"""Engines: answers that do not depend on the batch, strict mounting, and 4-bit modules that really are."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from harness.dataset import tokens
from harness.dataset.checks import items_of
from harness.engines import adapter_files, form, greedy, nf4, rounded
from harness.engines.divergence import completion_logprobs, mean_kl, passages
from harness.engines.float32 import FORM as FLOAT32
from harness.engines.form import Loaded
from harness.engines.generate import Decoding, answer_all, ends
from harness.engines.mount import mounted
from harness.errors import AdapterError
from harness.spec import load
from harness.spec.recipe import Experiment
from suites.tiny.child import Line
from training.adapter import train
from training.setting import Setting


@pytest.fixture(scope="module")
def adapter(line: Line, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, scratch = tmp_path_factory.mktemp("adapter"), tmp_path_factory.mktemp("scratch")
    loaded = load.load(line.spec)
    items = items_of(loaded.tasks["sea"], "train")
    train(line.spec.parent / "base", items, Setting(loaded.recipe, Experiment("one", 2, 1e-2), 1, 1), folder, scratch)
    return folder


@pytest.fixture(scope="module")
def four_bit(line: Line) -> Loaded:
    return form.load(nf4.FORM, line.spec.parent / "base", 1)


@pytest.fixture
def spoilt(adapter: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(adapter, tmp_path / "adapter"))


@pytest.mark.parametrize("size", [1, 8, 25])
def test_answers_in_four_bit_do_not_depend_on_the_batch_size(
    size: int, line: Line, four_bit: Loaded, adapter: Path
) -> None:
    items = items_of(load.load(line.spec).tasks["sea"], "benchmark")
    with mounted(four_bit, adapter) as engine:
        assert answer_all(engine, items, Decoding(size, 16)) == answer_all(engine, items, Decoding(64, 16))


def test_every_linear_layer_but_the_head_is_packed_in_four_bits(four_bit: Loaded) -> None:
    census = nf4.census(four_bit.model)
    assert (census.linear, census.four_bit, census.bits_per_weight) == (14, 14, 4.0)


def test_a_base_that_was_not_quantized_has_no_four_bit_layer(line: Line) -> None:
    engine = form.load(FLOAT32, line.spec.parent / "base", 1)
    assert nf4.census(engine.model).four_bit == 0


def test_the_weights_trained_on_are_those_that_the_four_bit_form_computes_with(
    line: Line, four_bit: Loaded, tmp_path: Path
) -> None:
    rounded.write(line.spec.parent / "base", tmp_path, {})
    texts = passages(four_bit.tokenizer, items_of(load.load(line.spec).tasks["sea"], "dev"))
    trained_on = completion_logprobs(form.load(FLOAT32, tmp_path, 1), texts)
    assert mean_kl(completion_logprobs(four_bit, texts), trained_on) < 1e-9


def test_taking_an_adapter_off_leaves_the_bare_base(line: Line, four_bit: Loaded, adapter: Path) -> None:
    texts = passages(four_bit.tokenizer, items_of(load.load(line.spec).tasks["sea"], "dev")[:2])
    before = completion_logprobs(four_bit, texts)
    with mounted(four_bit, adapter) as engine:
        assert mean_kl(completion_logprobs(engine, texts), before) > 1e-3
    assert all(torch.equal(a, b) for a, b in zip(completion_logprobs(four_bit, texts), before, strict=True))


def _rewrite(folder: Path, change: str) -> None:
    path = folder / adapter_files.WEIGHTS
    tensors = load_file(path)
    name = next(key for key in tensors if ".lora_B." in key)
    if change == "zero":
        tensors = {key: value * 0 if ".lora_B." in key else value for key, value in tensors.items()}
    elif change == "nan":
        tensors[name] = tensors[name] * float("nan")
    elif change == "missing key":
        del tensors[name]
    elif change == "unexpected key":
        tensors["base_model.model.model.layers.9.self_attn.q_proj.lora_A.weight"] = torch.ones(16, 64)
    elif change == "other shape":
        tensors[name] = torch.ones(3, 3)
    save_file(tensors, path)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("zero", "does not change the model"),
        ("nan", "NaN or infinity"),
        ("missing key", "1 keys missing"),
        ("unexpected key", "1 unexpected"),
        ("other shape", "does not fit this base"),
    ],
)
def test_an_adapter_that_is_not_wholly_mounted_is_refused(
    change: str, said: str, four_bit: Loaded, spoilt: Path
) -> None:
    _rewrite(spoilt, change)
    with pytest.raises(AdapterError, match=said), mounted(four_bit, spoilt):
        pass


def test_a_link_in_an_adapter_is_refused(spoilt: Path) -> None:
    (spoilt / "README.md").symlink_to("/etc/hostname")
    with pytest.raises(AdapterError, match="not a regular file"):
        adapter_files.inspect(spoilt)


@pytest.mark.parametrize("step", [0, 1, 5])
def test_rows_that_leave_a_batch_when_they_end_have_the_tokens_of_transformers_generate(line: Line, step: int) -> None:
    engine = form.load(FLOAT32, line.spec.parent / "base", 1)
    items = items_of(load.load(line.spec).tasks["sea"], "benchmark")[:7]
    prompts = [tokens.prompt_ids(engine.tokenizer, item.messages) for item in items]
    pad = engine.tokenizer.pad_token_id
    peers = [
        engine.model.generate(
            input_ids=torch.tensor([prompt]),
            attention_mask=torch.ones(1, len(prompt), dtype=torch.long),
            min_new_tokens=12,
            max_new_tokens=12,
            do_sample=False,
            pad_token_id=pad,
        )[0, len(prompt) :].tolist()
        for prompt in prompts
    ]
    end = peers[0][step]
    wanted = [peer[: peer.index(end) + 1] if end in peer else peer for peer in peers]
    assert greedy.decode(engine.model, prompts, {end}, pad, 12) == wanted


def test_an_answer_ends_at_any_token_that_the_tokenizer_or_the_generation_config_names(line: Line) -> None:
    engine = form.load(FLOAT32, line.spec.parent / "base", 1)
    items = items_of(load.load(line.spec).tasks["sea"], "benchmark")[:5]
    own = engine.tokenizer.eos_token_id
    assert ends(engine) == {own}
    before = answer_all(engine, items, Decoding(8, 6))
    other = before[0].ids[2]
    engine.model.generation_config.eos_token_id = [own, other]
    assert ends(engine) == {own, other}
    for old, new in zip(before, answer_all(engine, items, Decoding(8, 6)), strict=True):
        cut = old.ids.index(other) + 1 if other in old.ids else len(old.ids)
        assert new.ids == old.ids[:cut]
        assert new.stop == ("end" if new.ids[-1] in (own, other) else "length")
