"""QLoRA on the random base: this project's trainer and plain TRL in turn, each on a base made anew."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from statistics import fmean
from typing import Any

from harness.spec.recipe import Experiment, Recipe
from suites.gpu import partial
from suites.gpu.scale import SCALES, UNTIMED, Scale
from suites.gpu.settings import Settings
from suites.gpu.steps import device
from suites.gpu.tools import OWN, PLAIN, TWICE
from training.samples import Sample
from training.setting import Setting

STEP = "8b-qlora"
LEARNING_RATE = 1e-4


def recipe(scale: Scale) -> Recipe:
    return Recipe(
        rank=16,
        alpha=32,
        batch_size=scale.rows,
        max_length=scale.tokens,
        base_dtype="bfloat16",
        trainer="trl",
    )


def samples(scale: Scale) -> list[Sample]:
    """A round's samples, each as long as a sample may be, half of it learned."""
    from suites.gpu import random_base

    half = scale.tokens // 2
    rows = (random_base.ids(scale.tokens, scale, seed) for seed in range(scale.rows * scale.steps))
    return [Sample(f"random-{number}", row[:half], row[half:]) for number, row in enumerate(rows)]


def train(settings: Settings) -> dict[str, Any]:
    """All rounds, in turn; what was measured so far is kept after each."""
    device.require(settings)
    scale = SCALES[settings.scale]
    rows = samples(scale)
    figures: dict[str, Any] = {"scale": scale.name, "rows": scale.rows, "tokens": scale.tokens, "rounds": []}
    for by in (*(OWN, PLAIN) * scale.rounds, TWICE):
        figures["rounds"].append({"by": by, **_round(settings, scale, rows, by)})
        partial.keep(settings.work, STEP, figures)
    return figures


def _round(settings: Settings, scale: Scale, rows: Sequence[Sample], by: str) -> dict[str, Any]:
    from suites.gpu import random_base

    asked = replace(recipe(scale), checkpointing=by == TWICE)
    setting = Setting(asked, Experiment("random", 1, LEARNING_RATE), random_base.SEED, threads=1, four_bit=True)
    held = device.held(settings)  # of the rounds before
    device.forget_peak(settings)
    model = random_base.made(scale, settings.device, "bfloat16")
    scratch = settings.work / f"scratch-{by}"
    shutil.rmtree(scratch, ignore_errors=True)  # a round goes on from nothing
    started = time.perf_counter()
    if by == PLAIN:
        from suites.gpu.steps import plain_trl

        loss, moments = plain_trl.train(model, random_base.tokenizer(), rows, setting, scratch, settings)
    else:
        loss, moments = _own(model, random_base.tokenizer(), rows, setting, scratch, settings)
    seconds = time.perf_counter() - started
    tokens = scale.rows * scale.tokens * (scale.steps - UNTIMED)
    return {
        "steps": scale.steps,
        "seconds": seconds,
        "tokens_per_second": tokens / (moments[-1] - moments[0]),
        "loss": loss,
        "peak_bytes": device.peak(settings),
        "tensors_peak_bytes": device.peak_of_tensors(settings),
        "held_before_bytes": held,
    }


def _own(
    model: Any, tokenizer: Any, rows: Sequence[Sample], setting: Setting, scratch: Path, settings: Settings
) -> tuple[float, list[float]]:
    """The mean loss, and the clock as a step's loss is known, from the last step that is not timed on; the adapter is
    left for the steps that ask it."""
    from training import adapter, trl_trainer

    moments: list[float] = []
    adapted = adapter.adapted(model, setting.recipe, setting.seed)
    losses = trl_trainer.fit(
        adapted, tokenizer, rows, setting, scratch, lambda done, total: moments.append(time.perf_counter())
    )
    device.finish(settings)
    settings.random_adapter.mkdir(exist_ok=True)
    adapter.write(adapted, settings.random_adapter, {"losses": losses})
    return fmean(losses), moments[UNTIMED - 1 :]
