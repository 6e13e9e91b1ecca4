"""The tiny line, shipped as a GGUF file: its model is as small, its tokenizer is one that llama.cpp knows."""

from __future__ import annotations

import shutil
from pathlib import Path

from harness import digests
from suites.selftest import tiny, tiny_gguf

BNB = '[gates.bnb]\nblocking = true\nmounts = ["both"]\n'
TABLE = "[gates.gguf]\nsample = 12\nmax_kl_4_bit = 2.0\nmin_same_top_1 = 0.5\nsmoke_items = 1\n"
"""A model of two layers, 64 wide, loses more to four bits than a real one: what is tested here is not how much."""


SHARPER = 15.0


def write_release(folder: Path) -> Path:
    """Write base model, data and spec below `folder`; returns the spec's path."""
    path = tiny.write_release(folder)
    text = path.read_text(encoding="utf-8")
    base = folder / "base"
    old = digests.of_value(digests.of_folder(base))
    shutil.rmtree(base)
    tiny_gguf.write_base(base)
    _sharpen(base)
    new = digests.of_value(digests.of_folder(base))
    for before, after in ((old, new), (BNB, TABLE), ('deploy = "nf4"', 'deploy = "gguf"')):
        assert before in text, before
        text = text.replace(before, after)
    path.write_text(text, encoding="utf-8")
    return path


def _sharpen(base: Path) -> None:
    """Make the embeddings, which are the output matrix as well, large enough that an adapter can learn with them.

    As drawn, no hidden state could put one of 49,152 tokens clearly first, and an adapter does not change the ends.
    """
    from safetensors.torch import load_file, save_file

    path = base / "model.safetensors"
    tensors = load_file(path)
    name = "model.embed_tokens.weight"
    save_file({**tensors, name: tensors[name] * SHARPER}, path, metadata={"format": "pt"})
