"""A job: one build of an artifact, described so that any process can do it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from harness import out_of_memory
from harness.engines.progress import Progress
from harness.jobs.call import Call


@dataclass(frozen=True, slots=True)
class Job:
    call: Call
    """Called as ``function(folder, progress, **given)``; writes the artifact's files into the folder."""
    label: str
    """For people: ``adapter v3a multitask``."""
    devices: int = 1
    """GPUs that it computes on, where there are any."""

    def carry_out(self, folder: Path, progress: Progress) -> None:
        """Do it in this process.

        Raises:
            NoMemoryError: memory ran out.
        """
        with out_of_memory.said(f"building {self.label}"):
            self.call(folder, progress)
