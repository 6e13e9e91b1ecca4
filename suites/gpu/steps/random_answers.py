"""Answers of the random base with its adapter: how many a second, in which precision, and whether they are the same.

Random weights leave near ties between tokens that a trained model does not have, so the same answers in other batches
are rarer here than they will be; the seconds are those of any weights.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import Any

from suites.gpu import partial
from suites.gpu.scale import SCALES, Scale
from suites.gpu.settings import Settings
from suites.gpu.steps import device
from suites.gpu.tools import BFLOAT16, FLOAT32, GENERATE

STEP = "8b-answers"
Ids = list[list[int]]
Ask = Callable[[Sequence[Sequence[int]]], Ids]


def answer(settings: Settings) -> dict[str, Any]:
    """All rounds, in turn, then the same prompts in other batches; what was measured so far is kept."""
    from suites.gpu import random_base

    device.require(settings)
    scale = SCALES[settings.scale]
    prompts = [random_base.ids(size, scale, seed) for seed, size in enumerate(scale.sizes_of_prompts(), 1000)]
    figures: dict[str, Any] = {"scale": scale.name, "answers": len(prompts), "tokens": scale.new_tokens}
    with ExitStack() as stack:
        asked = _engines(settings, scale, stack, figures)
        said = _rounds(asked, prompts, scale, settings, figures)
        figures["peak_bytes"] = device.peak(settings)
        figures["same"] = {}
        for name, other in _others(asked, prompts, scale, said):
            figures["same"][name] = other
            partial.keep(settings.work, STEP, figures)
    return figures


def _engines(settings: Settings, scale: Scale, stack: ExitStack, figures: dict[str, Any]) -> Mapping[str, Ask]:
    """Each tool, warm. The adapter is mounted as a release mounts it, where the step before left one."""
    from harness.engines.form import Loaded
    from harness.engines.mount import mounted
    from suites.gpu import random_base

    trained = (settings.random_adapter / "training.json").is_file()  # written last
    figures |= {"adapter": trained, "mount_seconds": {}}
    models = {}
    for dtype in (BFLOAT16, FLOAT32):
        engine = Loaded(dtype, random_base.made(scale, settings.device, dtype), random_base.tokenizer())
        started = time.perf_counter()
        if trained:
            engine = stack.enter_context(mounted(engine, settings.random_adapter))
        device.finish(settings)
        figures["mount_seconds"][dtype] = time.perf_counter() - started
        models[dtype] = engine.model
    device.forget_peak(settings)
    return {
        BFLOAT16: _decoding(models[BFLOAT16], scale),
        FLOAT32: _decoding(models[FLOAT32], scale),
        GENERATE: _generating(models[BFLOAT16], scale),
    }


def _rounds(
    asked: Mapping[str, Ask],
    prompts: Sequence[Sequence[int]],
    scale: Scale,
    settings: Settings,
    figures: dict[str, Any],
) -> dict[str, Ids]:
    """What each tool said in the last round; its seconds go to the figures, one a round."""
    said: dict[str, Ids] = {}
    for ask in asked.values():
        ask(prompts[:1])  # untimed: kernels are loaded
    figures["seconds"] = {name: [] for name in asked}
    for _ in range(scale.rounds):
        for name, ask in asked.items():
            device.finish(settings)
            started = time.perf_counter()
            said[name] = ask(prompts)
            device.finish(settings)
            figures["seconds"][name].append(time.perf_counter() - started)
            partial.keep(settings.work, STEP, figures)
    return said


def _others(
    asked: Mapping[str, Ask], prompts: Sequence[Sequence[int]], scale: Scale, said: Mapping[str, Ids]
) -> Iterator[tuple[str, dict[str, int]]]:
    """Name of another way to ask -> how many answers are the same as in the batch of all."""
    for dtype in (BFLOAT16, FLOAT32):
        yield f"{dtype} again", _same(said[dtype], asked[dtype](prompts))
        batches = (asked[dtype](prompts[k : k + scale.few]) for k in range(0, len(prompts), scale.few))
        yield f"{dtype} few", _same(said[dtype], [one for batch in batches for one in batch])
    yield "generate", _same(said[BFLOAT16], said[GENERATE])
    alone = [asked[BFLOAT16]([prompt])[0] for prompt in prompts[: scale.alone]]
    yield "bfloat16 alone", _same(said[BFLOAT16], alone)


def _same(first: Ids, other: Ids) -> dict[str, int]:
    """Counts over the answers that both hold: whole answers, and tokens before the first that differs."""
    pairs = list(zip(first, other, strict=False))
    agreed = [next((k for k, (a, b) in enumerate(zip(*pair, strict=True)) if a != b), len(pair[0])) for pair in pairs]
    whole = sum(one == other for one, other in pairs)
    return {"same": whole, "of": len(pairs), "tokens": sum(agreed), "of_tokens": sum(len(one) for one, _ in pairs)}


def _decoding(model: Any, scale: Scale) -> Ask:
    from harness.engines.greedy import decode
    from suites.gpu.random_base import PAD

    return lambda prompts: decode(model, prompts, (), PAD, scale.new_tokens)


def _generating(model: Any, scale: Scale) -> Ask:
    import torch
    from transformers import GenerationConfig

    from suites.gpu.random_base import PAD

    how = GenerationConfig(do_sample=False, max_new_tokens=scale.new_tokens, pad_token_id=PAD)

    def ask(prompts: Sequence[Sequence[int]]) -> Ids:
        width = max(map(len, prompts))
        ids = torch.tensor([[PAD] * (width - len(one)) + list(one) for one in prompts], device=model.device)
        mask = torch.tensor([[0] * (width - len(one)) + [1] * len(one) for one in prompts], device=model.device)
        model.generation_config.eos_token_id = None  # no answer ends before the last token
        with torch.inference_mode():
            found = model.generate(input_ids=ids, attention_mask=mask, generation_config=how)
        return [[int(one) for one in row] for row in found[:, width:].tolist()]

    return ask
