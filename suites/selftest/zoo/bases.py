"""The zoo's base models: two layers, random weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from suites.tiny import line as tiny

SETTINGS: dict[str, dict[str, bool]] = {"plain": {"attention_bias": True}, "tied": {"tie_word_embeddings": True}}
"""``plain`` has biases and a head of its own, ``tied`` has neither."""


def write_bases(place: Path) -> dict[str, Path]:
    """Name -> checkpoint below `place`."""
    from transformers import AutoModelForCausalLM

    for name, settings in SETTINGS.items():
        tiny.write_base(place / name)
        model = AutoModelForCausalLM.from_pretrained(place / name)
        torch.manual_seed(3)
        changed = type(model)(type(model.config)(**model.config.to_dict() | settings))
        for weight in changed.parameters():
            if weight.dim() == 1:
                weight.data.add_(0.1 * torch.randn_like(weight))
        changed.save_pretrained(place / name)
    return {name: place / name for name in SETTINGS}


def logits(model: Any) -> torch.Tensor:
    """The logits after every token of a fixed text."""
    ids = torch.arange(3, 60).reshape(3, 19)
    with torch.inference_mode():
        return model(input_ids=ids).logits.float()  # type: ignore[no-any-return]
