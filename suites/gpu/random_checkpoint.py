"""The random base as a checkpoint in bfloat16, as hubs keep one: what loading from a disk is measured of."""

from __future__ import annotations

import json
from itertools import groupby
from pathlib import Path

from suites.gpu import random_base
from suites.gpu.scale import Scale

BYTES = 2
"""Of a weight."""


def size(scale: Scale) -> int:
    """Bytes of all weights."""
    return BYTES * sum(one.numel() for one in random_base.empty(scale, "bfloat16").parameters())


def write(scale: Scale, device: str, folder: Path) -> int:
    """Write the weights of `random_base.made`, a file for each block; returns their bytes.

    One block is held at a time, so it takes no more memory than that.
    """
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    model = random_base.empty(scale, "bfloat16")
    places: dict[str, str] = {}
    total = 0
    for block, parts in groupby(random_base.weights(model, device), lambda part: _block(part[0])):
        tensors = {name: value.cpu() for name, value in parts}
        save_file(tensors, folder / f"{block}.safetensors", metadata={"format": "pt"})
        places |= dict.fromkeys(tensors, f"{block}.safetensors")
        total += sum(value.nbytes for value in tensors.values())
    index = {"metadata": {"total_size": total}, "weight_map": places}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index), encoding="utf-8")
    model.config.save_pretrained(folder)
    return total


def _block(name: str) -> str:
    """``layers-3`` of a parameter of the model's blocks, else the parameter's own name."""
    parts = name.split(".")
    return f"layers-{parts[2]}" if parts[1] == "layers" else "-".join(parts[:-1])
