"""The settings that all steps of a run share; the script makes them and hands them to each step's process."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True)
class Settings:
    release: Path
    """The release spec whose candidate is trained."""
    work: Path
    """Folder for what a step leaves for later steps: checkpoints, adapters, answers."""
    device: Literal["cuda", "cpu"]
    model: Path | None
    """The base, joined of its parts; None: the one that the spec's source names."""
    items: int
    """Most `dev` items that are answered."""
    alone: int
    """Most of these that are answered one by one."""
    steps: int | None = None
    """Training steps; None: those of the whole experiment."""
    tokens: int | None = None
    """Most tokens of an answer; None: what the tasks allow."""
    scale: str = "tiny"
    """Name of the random base's (`suites.gpu.scale`)."""
    deadline: float = math.inf
    """When the whole run must have ended, on the clock of `time.monotonic`, which all processes share."""

    @property
    def base(self) -> Path:
        """Where the base checkpoint is written."""
        return self.work / "base"

    @property
    def served(self) -> Path:
        """Where it lies to be loaded rounded to NF4: what adapters are trained on."""
        return self.work / "served"

    def adapter(self, dtype: str) -> Path:
        """Where the adapter trained on a base in `dtype` is written."""
        return self.work / f"adapter-{dtype}"

    @property
    def random_adapter(self) -> Path:
        """Where the adapter trained on the random base is written."""
        return self.work / "adapter-of-random-base"

    def answers(self, name: str) -> Path:
        """Where the step of that name leaves its answers: JSON, item id -> token ids."""
        return self.work / f"{name}.json"
