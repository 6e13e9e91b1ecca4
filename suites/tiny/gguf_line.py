"""The tiny line, shipped as a GGUF file: its model is as small, its tokenizer is one that llama.cpp knows."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from harness.store import digests
from suites.tiny import gguf
from suites.tiny import line as tiny

TABLE = "[gates.gguf]\nsample = 12\nmax_kl_4_bit = 2.0\nmin_same_top_1 = 0.5\nsmoke_items = 1\n"
"""A model of two layers, 64 wide, loses more to four bits than a real one: what is tested here is not how much."""

CHANGES = (
    (r'deploy = "nf4"', 'deploy = "gguf"'),
    (r"\[gates\.bnb\]\nblocking = true\nmounts = .*\n", ""),
    (r'\[\[experiments\]\]\nname = "long"\n.*\n.*\n', ""),
    # Over 49,152 tokens a random model of this size learns what to say, and neither when to end nor when to refuse.
    (r"(above|minimum) = \{.*\}", r"\1 = { coverage = 0.5 }"),
    (r"expected = \{.*\}", "expected = { coverage = 0.95 }"),
)


def write_release(folder: Path, options: str = "") -> Path:
    """Write base model, data and spec below `folder`; returns the spec's path.

    Args:
        options: further lines of ``[gates.gguf]``.
    """
    path = tiny.write_release(folder)
    base = folder / "base"
    old = digests.of_value(digests.of_folder(base))
    shutil.rmtree(base)
    gguf.write_base(base)
    text = path.read_text(encoding="utf-8").replace(old, digests.of_value(digests.of_folder(base)))
    for pattern, after in CHANGES:
        text, times = re.subn(pattern, after, text)
        assert times, pattern
    text = text.replace("[gates.regression]", f"{TABLE}{options}\n[gates.regression]")
    path.write_text(text, encoding="utf-8")
    return path
