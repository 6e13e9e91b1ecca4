"""Answers of the adapter on the NF4 base, in batches of a given size."""

from __future__ import annotations

import json
import time
from typing import Any

from suites.gpu.settings import Settings
from suites.gpu.steps import device, material


def answer(settings: Settings, name: str, batch_size: int) -> dict[str, Any]:
    """Answer the questions and leave the token ids; a single answer before, untimed, has kernels loaded.

    Args:
        name: of the step, and of the file that the answers are left in.
        batch_size: 1 asks fewer of them: `Settings.alone`.
    """
    from harness.engines import form, nf4
    from harness.engines.generate import Decoding, answer_all
    from harness.engines.mount import mounted

    device.require(settings)
    spec = material.spec_of(settings)
    items = material.questions(settings, spec)
    asked = items[: settings.alone] if batch_size == 1 else items
    most = material.most_tokens(settings, spec)
    engine = form.load(nf4.FORM, settings.base, spec.threads)
    with mounted(engine, material.adapter(settings)) as model:
        answer_all(model, asked[:1], Decoding(1, 2))
        device.forget_peak(settings)
        started = time.perf_counter()
        answers = answer_all(model, asked, Decoding(batch_size, most))
        seconds = time.perf_counter() - started
        peak = device.peak(settings)
    del engine, model
    settings.answers(name).write_text(json.dumps({one.item: one.ids for one in answers}), encoding="utf-8")
    return {
        "batch_size": batch_size,
        "items": len(answers),
        "tokens": sum(len(one.ids) for one in answers),
        "ended": sum(one.stop == "end" for one in answers),
        "seconds": seconds,
        "peak_bytes": peak,
        "left_bytes": device.held(settings),
    }
