"""A pytest plugin for one sabotage: what is called a merged checkpoint is the bare base."""

from __future__ import annotations

from pathlib import Path

from harness.engines import rounded
from harness.gguf import merge


def _forget_the_adapter(weights: Path, adapter: Path, folder: Path) -> None:
    import torch
    from transformers import AutoTokenizer

    rounded.load(weights, torch.float32).save_pretrained(folder)
    AutoTokenizer.from_pretrained(weights).save_pretrained(folder)


merge.write = _forget_the_adapter
