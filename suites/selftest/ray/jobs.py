"""Jobs for the cluster to do: trainings slow enough to be interrupted, and jobs that fail in each way there is."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path

from harness.dataset.item import Item
from harness.engines.progress import Progress
from harness.errors import TrainingError
from training import checkpoints
from training import jobs as trainings
from training.setting import Setting

CHECKPOINTS_EVERY = 0.5
"""Seconds; a training of the tests takes ten or so."""


def train(
    folder: Path, progress: Progress, base: Path, items: Sequence[Item], setting: Setting, steps: Path, pace: float
) -> None:
    """The project's own training, with a line a step in a file: process and step.

    Args:
        pace: seconds of sleep after each step.
    """
    checkpoints.EVERY = CHECKPOINTS_EVERY

    def told(done: int, total: int) -> None:
        with steps.open("a", encoding="ascii") as stream:
            stream.write(f"{os.getpid()} {done}\n")
        time.sleep(pace)
        progress(done, total)

    trainings.train(folder, told, base, items, setting)


def write(folder: Path, progress: Progress, text: str) -> None:
    (folder / "text").write_text(text, encoding="utf-8")


def refuse(folder: Path, progress: Progress) -> None:
    raise TrainingError("the loss is nan at step 3 of 9; lower the learning rate")


def fail(folder: Path, progress: Progress) -> None:
    raise KeyError("nobody meant this")


def die(folder: Path, progress: Progress) -> None:
    """As the system ends a process that has taken all memory."""
    os.kill(os.getpid(), signal.SIGKILL)


def wait(folder: Path, progress: Progress, seconds: float) -> None:
    """Tell the first of many steps, and wait."""
    progress(1, 100)
    time.sleep(seconds)
    (folder / "waited").write_text("", encoding="ascii")
