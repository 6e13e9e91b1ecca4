"""A checkpoint a minute, so that a training that is killed costs a minute and not the adapter."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from transformers import TrainerCallback

EVERY = 60.0
"""Seconds between checkpoints. Writing one takes a fraction of a second here, so under a hundredth of the time."""

LOSSES = "losses.json"
"""Written last into a checkpoint: one without it was being written when its process died."""


class Checkpoints(TrainerCallback):  # type: ignore[misc]  # transformers has no types here
    """Asks the Trainer for checkpoints by the clock, and keeps the losses beside them.

    When they are taken changes nothing of the result, so the clock may decide.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.losses: list[float] = []
        """Of every step so far; `latest` fills in those of the steps before it."""
        self._last = time.monotonic()

    def latest(self) -> str | None:
        """Path of the newest complete checkpoint, or None."""
        complete = [path.parent for path in self.folder.glob(f"checkpoint-*/{LOSSES}")]
        if not complete:
            return None
        newest = max(complete, key=lambda path: int(path.name.rpartition("-")[2]))
        self.losses[:] = json.loads((newest / LOSSES).read_text(encoding="utf-8"))
        return str(newest)

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if time.monotonic() - self._last >= EVERY:
            control.should_save = True

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        path = self.folder / f"checkpoint-{state.global_step}" / LOSSES
        partial = path.with_suffix(".partial")
        partial.write_text(json.dumps(self.losses), encoding="utf-8")
        partial.rename(path)
        self._last = time.monotonic()
