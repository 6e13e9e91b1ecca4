"""A trial training: a few steps on a few items and one generation, so that a broken set-up fails in seconds, not after
the matrix."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

from harness.dataset.item import Item
from harness.engines import float32, nf4
from harness.engines.form import load
from harness.engines.generate import Decoding, answer_all
from harness.engines.mount import mounted
from harness.spec.recipe import Experiment
from training.setting import Setting
from training.trainers import train

FILE = "sample.json"
ITEMS = 4
TRIAL = Experiment("sample", 2, 1e-3)


def run(base: Path, items: Sequence[Item], setting: Setting, folder: Path) -> None:
    """Train on the first items for two epochs, mount the adapter, generate once; writes ``sample.json``.

    Args:
        setting: with a settled recipe (`training.trainers`) and, in place of an experiment of the spec, `TRIAL`.

    Raises:
        TrainingError, AdapterError: what would have broken every later training as well.
    """
    few = list(items)[:ITEMS]
    with tempfile.TemporaryDirectory(prefix="greenrun-sample-") as place:
        trained = Path(place) / "adapter"
        scratch = Path(place) / "scratch"
        train(base, few, setting, trained, scratch)
        losses = json.loads((trained / "training.json").read_text(encoding="utf-8"))["losses"]
        form = nf4.FORM if setting.four_bit else float32.FORM
        with mounted(load(form, base, setting.threads), trained) as engine:
            answer = answer_all(engine, few[:1], Decoding(1, 8))[0]
    (folder / FILE).write_text(json.dumps({"losses": losses, "tokens": len(answer.ids)}) + "\n", encoding="utf-8")
