"""Weights that are rounded when they are loaded are those of a float32 copy of the NF4 form, byte for byte, and no copy
is written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, GPT2Config, GPT2LMHeadModel, Qwen2Config, Qwen2ForCausalLM

from harness.engines import nf4, rounded
from harness.engines.checkpoint import forget_quantizer
from suites.tiny import line as tiny

Make = Callable[[torch.dtype, bool], Path]
SMALL = {"vocab_size": 96, "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 2, "num_attention_heads": 2}


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """``make(dtype, tied)``: a random Qwen2, with biases, that is stored in this dtype."""

    def make(dtype: torch.dtype, tied: bool) -> Path:
        torch.manual_seed(3)
        config = Qwen2Config(**SMALL, num_key_value_heads=2, tie_word_embeddings=tied)
        model = Qwen2ForCausalLM(config)
        for weight in model.parameters():
            torch.nn.init.normal_(weight, std=0.1)  # biases and norms too
        model.to(dtype).save_pretrained(tmp_path / "base", max_shard_size="60KB")
        assert len(list((tmp_path / "base").glob("*.safetensors"))) > 1
        return tmp_path / "base"

    return make


def copied(base: Path, folder: Path) -> Path:
    """The float32 copy on the disk, as transformers de-quantizes."""
    model = nf4.load_nf4(base).dequantize()
    forget_quantizer(model)
    model.save_pretrained(folder)
    return folder


def all_of(model: Any) -> list[tuple[str, torch.dtype, bool, tuple[int, ...]]]:
    found = [*model.named_parameters(remove_duplicate=False), *model.named_buffers()]
    return [(name, one.dtype, one.requires_grad, one.stride()) for name, one in found]


F32, F16, BF16 = torch.float32, torch.float16, torch.bfloat16


@pytest.mark.parametrize(
    ("stored", "wanted", "tied"),
    [(F32, F32, True), (F32, BF16, False), (BF16, F32, False), (BF16, BF16, True), (F16, BF16, True)],
)
def test_they_are_the_float32_copy_to_the_byte(
    stored: torch.dtype, wanted: torch.dtype, tied: bool, make: Make, tmp_path: Path
) -> None:
    base = make(stored, tied)
    (tmp_path / "rounded").mkdir()
    rounded.write(base, tmp_path / "rounded", {})
    copy = AutoModelForCausalLM.from_pretrained(copied(base, tmp_path / "copy"), dtype=wanted)
    found = rounded.load(tmp_path / "rounded", wanted)
    assert all_of(found) == all_of(copy)
    assert [type(one) for one in found.modules()] == [type(one) for one in copy.modules()]
    for (name, one), (_, other) in zip(found.named_parameters(), copy.named_parameters(), strict=True):
        assert torch.equal(one, other), name
    plain = AutoModelForCausalLM.from_pretrained(base, dtype=wanted).state_dict()
    moved = {name for name, one in found.state_dict().items() if not torch.equal(one, plain[name])}
    assert moved == {name for name in plain if name.endswith("_proj.weight")}, "head, embeddings, norms and biases stay"


def test_a_matrix_that_is_stored_the_other_way_round_is_rounded_along_its_rows(tmp_path: Path) -> None:
    """GPT-2 keeps (in, out); its 4-bit modules (out, in)."""
    base = tmp_path / "base"
    torch.manual_seed(3)
    GPT2LMHeadModel(GPT2Config(vocab_size=96, n_embd=64, n_layer=1, n_head=2, n_positions=32)).save_pretrained(base)
    (tmp_path / "rounded").mkdir()
    rounded.write(base, tmp_path / "rounded", {})
    found, four_bit = rounded.load(tmp_path / "rounded", torch.float32), nf4.load_nf4(base)
    ids = torch.arange(20)[None]
    with torch.inference_mode():
        assert torch.allclose(found(ids).logits, four_bit(ids).logits, atol=1e-5)


def test_a_checkpoint_that_is_not_to_be_rounded_is_loaded_as_it_is(make: Make) -> None:
    base = make(torch.bfloat16, True)
    found, plain = rounded.load(base, torch.float32), AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    assert all(torch.equal(a, b) for a, b in zip(found.parameters(), plain.parameters(), strict=True))
    assert rounded.stored(base) == base


def test_nothing_of_it_is_written_but_its_description(make: Make, tmp_path: Path) -> None:
    base, folder = make(torch.bfloat16, False), tmp_path / "rounded"
    folder.mkdir()
    rounded.write(base, folder, {"code": "abc"})
    own = [path for path in folder.rglob("*") if path.is_file() and path.stat().st_nlink == 1]
    assert [path.name for path in own] == [rounded.FILE]
    assert '"code": "abc"' in own[0].read_text(encoding="utf-8")


def test_whoever_forgets_the_rounding_gets_an_error_and_not_other_weights(make: Make, tmp_path: Path) -> None:
    (tmp_path / "rounded").mkdir()
    rounded.write(make(torch.bfloat16, False), tmp_path / "rounded", {})
    with pytest.raises(OSError, match="no file named model"):
        AutoModelForCausalLM.from_pretrained(tmp_path / "rounded")


def test_where_nothing_can_be_linked_it_is_copied(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise OSError("no links here")

    monkeypatch.setattr(rounded.os, "link", refused)
    base, folder = make(torch.bfloat16, False), tmp_path / "rounded"
    folder.mkdir()
    rounded.write(base, folder, {})
    found = {path.name: path.read_bytes() for path in (folder / rounded.BASE).iterdir()}
    assert found == {path.name: path.read_bytes() for path in base.iterdir()}


def test_a_converter_is_given_a_checkpoint_in_16_bits_that_is_gone_afterwards(tmp_path: Path) -> None:
    tiny.write_base(tmp_path / "float32")
    base = tmp_path / "base"
    AutoModelForCausalLM.from_pretrained(tmp_path / "float32", dtype=torch.bfloat16).save_pretrained(base)
    for path in (tmp_path / "float32").iterdir():
        if path.name.startswith("tokenizer") or path.suffix == ".jinja":
            path.rename(base / path.name)
    (tmp_path / "rounded").mkdir()
    rounded.write(base, tmp_path / "rounded", {})
    wanted = rounded.load(tmp_path / "rounded", torch.float32).state_dict()
    with rounded.checkpoint(tmp_path / "rounded", tmp_path / "plain") as plain:
        found = AutoModelForCausalLM.from_pretrained(plain, dtype=torch.float32).state_dict()
        assert sum(path.stat().st_size for path in plain.glob("*.safetensors")) < 2.2 * sum(
            map(len, map(flat, found.values()))
        )
    for name, one in wanted.items():
        assert torch.equal(one.half().float() if name.endswith("_proj.weight") else one, found[name]), name
    assert not (tmp_path / "plain").exists()
    with rounded.checkpoint(base, tmp_path / "plain") as same:
        assert same == base


def flat(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.reshape(-1)
