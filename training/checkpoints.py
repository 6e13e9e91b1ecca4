"""Checkpoints by the clock, one a minute, so that a killed training loses a minute and not the adapter."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

EVERY = 60.0
"""Seconds between checkpoints. Writing one takes a fraction of a second here, under a hundredth of the time."""

LOSSES = "losses.json"
"""File of the losses, the last one of a checkpoint: without it the checkpoint is incomplete, since the process died
while writing it."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A complete checkpoint, as the Trainer wrote it."""

    path: Path
    losses: tuple[float, ...]
    """Loss of every step before the checkpoint."""


def latest(folder: Path) -> Checkpoint | None:
    """The newest complete checkpoint below a folder."""
    complete = [path.parent for path in folder.glob(f"checkpoint-*/{LOSSES}")]
    if not complete:
        return None
    newest = max(complete, key=lambda path: int(path.name.rpartition("-")[2]))
    return Checkpoint(newest, tuple(json.loads((newest / LOSSES).read_text(encoding="utf-8"))))


def keeper(folder: Path, losses: list[float]) -> Any:
    """A Trainer callback that asks for checkpoints by the clock, and keeps the losses so far beside them.

    The result does not depend on when they are taken, so the clock may decide.

    Args:
        folder: the Trainer's output folder.
        losses: of every step so far; the Trainer's user adds to it.
    """
    from transformers import TrainerCallback  # loads torch, which a run that trains nothing has no use for

    class Keeper(TrainerCallback):  # type: ignore[misc]  # transformers has no types here
        last = time.monotonic()

        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            if _agreed(time.monotonic() - self.last >= EVERY):
                control.should_save = True

        def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            self.last = time.monotonic()
            if not state.is_world_process_zero:
                return
            path = folder / f"checkpoint-{state.global_step}" / LOSSES
            partial = path.with_suffix(".partial")
            partial.write_text(json.dumps(losses), encoding="utf-8")
            partial.rename(path)

    return Keeper()


def _agreed(due: bool) -> bool:
    """Whether the first of the processes that share a training thinks that it is time: all of them save, or none."""
    from torch import distributed

    if not distributed.is_initialized():
        return due
    told = [due]
    distributed.broadcast_object_list(told)
    return told[0]
