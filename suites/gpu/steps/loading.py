"""The random base in NF4 on the device: what it takes while it is made, and afterwards."""

from __future__ import annotations

import shutil
import time
from dataclasses import asdict
from typing import Any

from suites.gpu.outcome import NoRoomError
from suites.gpu.scale import SCALES
from suites.gpu.settings import Settings
from suites.gpu.steps import device

SPARE = 1.1
"""Room that the checkpoint wants on the disk, in sizes of its own."""


def load(settings: Settings) -> dict[str, Any]:
    """Make the base on the device, matrix by matrix, and read one prompt with it."""
    import torch

    from harness.engines import nf4
    from suites.gpu import random_base

    device.require(settings)
    scale = SCALES[settings.scale]
    device.forget_peak(settings)
    started = time.perf_counter()
    model = random_base.made(scale, settings.device, "bfloat16")
    device.finish(settings)
    figures = {"scale": scale.name, "seconds": time.perf_counter() - started, **_taken(settings)}
    prompt = torch.tensor([random_base.ids(scale.prompt_tokens, scale, seed=1)], device=settings.device)
    with torch.inference_mode():
        finite = bool(model(input_ids=prompt, logits_to_keep=1).logits.isfinite().all())
    weights = sum(one.numel() for one in random_base.empty(scale, "bfloat16").parameters())
    return {**figures, "weights": weights, "census": asdict(nf4.census(model)), "finite": finite}


def from_disk(settings: Settings) -> dict[str, Any]:
    """Load the base from a checkpoint on the disk by the loader of the project's own QLoRA.

    The checkpoint was written just before, so the system reads it from memory where that is large enough.

    Raises:
        NoRoomError: the disk has no room for it.
    """
    from suites.gpu import random_checkpoint
    from suites.gpu.steps.qlora import recipe
    from training import quantized_base

    device.require(settings)
    scale = SCALES[settings.scale]
    folder = settings.work / "random"
    size, free = random_checkpoint.size(scale), shutil.disk_usage(settings.work).free
    if free < SPARE * size:
        raise NoRoomError(f"a checkpoint of {size / 1e9:.1f} GB has no room: {free / 1e9:.1f} GB are free")
    try:
        started = time.perf_counter()
        random_checkpoint.write(scale, settings.device, folder)
        written = time.perf_counter()
        device.held(settings)  # what writing kept of the card is given back
        device.forget_peak(settings)
        model = quantized_base.load(folder, recipe(scale), settings.device)
        device.finish(settings)
        loaded = time.perf_counter()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    figures = _taken(settings)
    del model
    return {
        "scale": scale.name,
        "bytes": size,
        "write_seconds": written - started,
        "seconds": loaded - written,
        **figures,
    }


def _taken(settings: Settings) -> dict[str, Any]:
    peaks = {"peak_bytes": device.peak(settings), "tensors_peak_bytes": device.peak_of_tensors(settings)}
    return {**peaks, "rest_bytes": device.held(settings)}
