"""The tiny line, shipped as a GGUF file: its model is as small, its tokenizer is one that llama.cpp knows."""

from __future__ import annotations

import shutil
from pathlib import Path

from harness import digests
from suites.selftest import tiny, tiny_gguf

BNB = '[gates.bnb]\nblocking = true\nmounts = ["both"]\n'
TABLE = "[gates.gguf]\nsample = 12\nmax_kl_4_bit = 2.0\nmin_same_top_1 = 0.5\nsmoke_items = 1\n"
"""A model of two layers, 64 wide, loses more to four bits than a real one: what is tested here is not how much."""


def write_release(folder: Path) -> Path:
    """Write base model, data and spec below `folder`; returns the spec's path."""
    path = tiny.write_release(folder)
    text = path.read_text(encoding="utf-8")
    base = folder / "base"
    old = digests.of_value(digests.of_folder(base))
    shutil.rmtree(base)
    tiny_gguf.write_base(base)
    new = digests.of_value(digests.of_folder(base))
    for before, after in ((old, new), (BNB, TABLE), ('deploy = "nf4"', 'deploy = "gguf"')):
        assert before in text, before
        text = text.replace(before, after)
    path.write_text(text, encoding="utf-8")
    return path
