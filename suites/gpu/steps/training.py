"""The candidate's adapter, trained on the device on a base of float32 or bfloat16."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, replace
from typing import Any, Literal

from suites.gpu.settings import Settings
from suites.gpu.steps import device, material

LAST = 3


def train(settings: Settings, dtype: Literal["float32", "bfloat16"]) -> dict[str, Any]:
    from transformers import AutoTokenizer

    from training import adapter
    from training.samples import tokenize
    from training.setting import Setting

    device.require(settings)
    spec = material.spec_of(settings)
    items, experiment = material.lesson(settings, spec)
    recipe = replace(spec.recipe, base_dtype=dtype)
    samples = tokenize(AutoTokenizer.from_pretrained(settings.served), items, recipe.max_length)
    folder = settings.adapter(dtype)
    moments: list[float] = []
    device.forget_peak(settings)
    started = time.perf_counter()
    adapter.train(
        settings.served,
        items,
        Setting(recipe, experiment, spec.seed, spec.threads),
        folder,
        settings.work / f"scratch-{dtype}",
        lambda done, total: moments.append(time.perf_counter()),
    )
    seconds = time.perf_counter() - started
    losses = json.loads((folder / "training.json").read_text(encoding="utf-8"))["losses"]
    tokens = experiment.epochs * sum(map(len, samples))
    return {
        "recipe": asdict(recipe),
        "epochs": experiment.epochs,
        "items": len(items),
        "steps": len(losses),
        "tokens": tokens,
        "seconds": seconds,
        "tokens_per_second": _pace(tokens / len(losses), moments),
        "first_loss": losses[0],
        "last_losses": losses[-LAST:],
        "peak_bytes": device.peak(settings),
    }


def _pace(tokens: float, moments: list[float]) -> float | None:
    """Tokens per second from the first step's loss to the last one's, without loading and the first step's start-up.

    Args:
        tokens: of a step, in the mean.
    """
    steps = len(moments) - 1
    return tokens * steps / (moments[-1] - moments[0]) if steps > 0 else None
