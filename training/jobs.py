"""Jobs that train."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from harness.dataset.item import Item
from harness.engines.progress import Progress
from harness.store.artifact import scratch
from training import sample_run, trainers
from training.setting import Setting


def train(folder: Path, progress: Progress, base: Path, items: Sequence[Item], setting: Setting) -> None:
    """An adapter; checkpoints lie in the folder's `scratch`, and the next attempt goes on from them."""
    trainers.train(base, items, setting, folder, scratch(folder), progress)


def sample(folder: Path, progress: Progress, base: Path, items: Sequence[Item], setting: Setting) -> None:
    """A trial training and one generation (`training.sample_run`)."""
    sample_run.run(base, items, setting, folder)
