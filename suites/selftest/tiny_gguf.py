"""The tiny line, shipped as a GGUF file: its tokenizer is the real one, which llama.cpp knows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness import base_model, digests, spec_file
from suites.selftest import tiny
from suites.selftest.child import ROOT

BNB = '[gates.bnb]\nblocking = true\nmounts = ["both"]\n'
TABLE = "[gates.gguf]\nsample = 12\nmax_kl_4_bit = 2.0\nmin_same_top_1 = 0.5\nsmoke_items = 1\n"
"""A model of two layers, 64 wide, loses more to four bits than a real one: what is tested here is not how much."""


def write_release(folder: Path) -> Path:
    """Write base model, data and spec below `folder`; returns the spec's path."""
    path = tiny.write_release(folder)
    text = path.read_text(encoding="utf-8")
    old = digests.of_value(digests.of_folder(folder / "base"))
    write_base(folder / "base")
    new = digests.of_value(digests.of_folder(folder / "base"))
    for before, after in ((old, new), (BNB, TABLE), ('deploy = "nf4"', 'deploy = "gguf"')):
        assert before in text, before
        text = text.replace(before, after)
    path.write_text(text, encoding="utf-8")
    return path


def write_base(folder: Path) -> None:
    """A random Llama of two layers with the tokenizer and chat template of the default release's base."""
    import torch
    from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

    source = base_model.locate(spec_file.load(ROOT / "data" / "v3" / "release.toml"))
    tokenizer: Any = AutoTokenizer.from_pretrained(str(source.parent), gguf_file=source.name)
    for path in folder.iterdir():
        path.unlink()
    torch.manual_seed(11)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=4,
        max_position_embeddings=256,
        tie_word_embeddings=True,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
