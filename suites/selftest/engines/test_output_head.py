"""An output head that is read alone is the whole model's, or it is not read at all."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import (
    AutoModelForCausalLM,
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    PhiConfig,
    PhiForCausalLM,
)

from harness.engines import output_head, rounded
from harness.spec.serve import Precision

SMALL = {"vocab_size": 96, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 1, "num_attention_heads": 2}
BASES = {
    "untied": lambda: LlamaForCausalLM(LlamaConfig(**SMALL, tie_word_embeddings=False)),
    "tied": lambda: LlamaForCausalLM(LlamaConfig(**SMALL, tie_word_embeddings=True)),
    "of another name": lambda: GPT2LMHeadModel(GPT2Config(vocab_size=96, n_embd=32, n_layer=1, n_head=2)),
    "with a bias": lambda: PhiForCausalLM(PhiConfig(**SMALL, tie_word_embeddings=False)),
}


@pytest.fixture(params=BASES, ids=str)
def base(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    torch.manual_seed(3)
    BASES[request.param]().to(torch.bfloat16).save_pretrained(tmp_path / "base", max_shard_size="8KB")
    return tmp_path / "base"


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_it_is_the_whole_models_to_the_byte(base: Path, dtype: str, tmp_path: Path) -> None:
    (tmp_path / "rounded").mkdir()
    rounded.write(base, tmp_path / "rounded", {})
    for folder in (base, tmp_path / "rounded"):
        whole = rounded.load(folder, getattr(torch, dtype)).get_output_embeddings()
        head = output_head.load(folder, Precision(compute=dtype, rest=dtype))
        assert (head.weight.dtype, head.weight.requires_grad) == (whole.weight.dtype, False)
        assert torch.equal(head.weight, whole.weight)
        assert (head.bias is None) == (whole.bias is None)
        assert head.bias is None or torch.equal(head.bias, whole.bias)
        states = torch.randn(5, 32, dtype=head.weight.dtype)
        assert torch.equal(head(states), whole(states))


def rename(base: Path, name: str, other: str) -> None:
    [file] = base.glob("*.safetensors")
    save_file(
        {other if one == name else one: tensor for one, tensor in load_file(file).items()}, file, {"format": "pt"}
    )


def test_a_checkpoint_that_calls_it_otherwise_is_left_to_the_whole_model(tmp_path: Path) -> None:
    BASES["untied"]().save_pretrained(tmp_path)
    rename(tmp_path, "lm_head.weight", "output.weight")
    assert output_head.load(tmp_path, Precision()) is None


def test_a_tied_head_that_differs_in_the_file_is_left_to_the_whole_model(tmp_path: Path) -> None:
    BASES["tied"]().save_pretrained(tmp_path)
    [file] = tmp_path.glob("*.safetensors")
    tensors = load_file(file)
    save_file({**tensors, "lm_head.weight": tensors["model.embed_tokens.weight"] + 1}, file, {"format": "pt"})
    assert output_head.load(tmp_path, Precision()) is None
    whole = AutoModelForCausalLM.from_pretrained(tmp_path)
    assert not torch.equal(whole.get_output_embeddings().weight, whole.get_input_embeddings().weight)
