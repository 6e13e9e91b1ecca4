"""A process for each job: its memory and its device are free again when it ends, and nothing of it stays behind."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from harness.engines.progress import Progress
from harness.errors import JobError
from harness.jobs import devices, papers
from harness.jobs.job import Job
from harness.jobs.papers import Papers
from harness.project import ROOT

LOOKED_EVERY = 0.2
"""Seconds between two looks at a job's progress."""


@dataclass(frozen=True)
class Process:
    """Runs a job by ``python -m harness.jobs.child``, on devices that no other job of this machine has."""

    def run(self, job: Job, folder: Path, progress: Progress) -> None:
        told = Papers.beside(folder)
        told.begin(job)
        try:
            with devices.held(job.devices, devices.visible()) as names:
                status = _watched(told, folder, devices.environment(names), progress)
            told.end(job.label, _why(status, told))
        finally:
            shutil.rmtree(told.folder, ignore_errors=True)

    @property
    def apart(self) -> Process:
        return self


def _watched(told: Papers, folder: Path, environment: dict[str, str], progress: Progress) -> int:
    """Exit status of the child; negative where a signal ended it. Whatever ends the wait ends the child."""
    with told.log.open("w", encoding="utf-8") as log:
        child = subprocess.Popen(
            [sys.executable, "-m", "harness.jobs.child", str(folder)],
            cwd=ROOT,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        relay = papers.Relay(told, progress)
        try:
            while True:
                with suppress(subprocess.TimeoutExpired):
                    status = child.wait(LOOKED_EVERY)
                    relay.look()
                    return status
                relay.look()
        finally:
            if child.poll() is None:
                child.kill()
                child.wait()


def _why(status: int, told: Papers) -> JobError | None:
    """An error for a process that ended without saying how; None where its exit status is in order."""
    if status == 0:
        return None
    words = told.last_words()
    if status < 0:
        name = signal.Signals(-status).name
        memory = ", as the system ends a process where memory is out" if name == "SIGKILL" else ""
        return JobError(f"its process was ended by {name}{memory}{words}")
    return JobError(f"its process failed with exit status {status}{words}")
