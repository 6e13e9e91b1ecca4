"""What a GPU must hold for a release to be judged on one; skipped, with the reason, where there is none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from harness.dataset.checks import items_of
from harness.engines import form, nf4
from harness.engines.generate import Decoding, answer_all
from harness.engines.mount import mounted
from harness.spec import load
from suites.selftest.engines.afresh import answered
from suites.tiny.child import Line
from training.adapter import train
from training.setting import Setting

pytestmark = pytest.mark.skipif(
    not torch.cuda.is_available(), reason="no GPU here: what is the same on one was not measured"
)


def test_on_a_gpu_a_fresh_process_gives_the_answers_of_this_one(line: Line, tmp_path: Path) -> None:
    spec = load.load(line.spec)
    base, task = line.spec.parent / "base", spec.tasks["sea"]
    short = replace(spec.experiments[0], epochs=2)
    train(
        base,
        items_of(task, "train"),
        Setting(spec.recipe, short, spec.seed, 1),
        tmp_path / "adapter",
        tmp_path / "scratch",
    )
    items = items_of(task, "benchmark")[:5]
    with mounted(form.load(nf4.FORM, base, 1), tmp_path / "adapter") as engine:
        assert engine.model.device.type == "cuda"
        here = answer_all(engine, items, Decoding(len(items), 16))
    assert answered(tmp_path / "again", base, tmp_path / "adapter", items, 16) == here
