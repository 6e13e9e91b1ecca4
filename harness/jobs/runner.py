"""Who carries out a run's jobs: this process, a process for each, or a cluster; as ``[compute] engine`` says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from harness.engines import gpu
from harness.engines.progress import Progress, silent
from harness.jobs.job import Job
from harness.jobs.process import Process
from harness.spec.compute import Compute


class Runner(Protocol):
    """Carries out jobs, one call a job. It returns when the folder holds what the job wrote."""

    def run(self, job: Job, folder: Path, progress: Progress) -> None:
        """Have the job fill the folder, and tell its progress.

        Raises:
            GreenrunError: what the job raised, or that the process which did it ended.
        """
        ...

    @property
    def apart(self) -> Runner:
        """One whose every job runs in a process that has done nothing else."""
        ...


@dataclass(frozen=True)
class Worker:
    """This process itself: a base that it has loaded serves the next job too, which on a processor saves more than it
    costs in memory."""

    def run(self, job: Job, folder: Path, progress: Progress) -> None:
        job.carry_out(folder, progress)

    @property
    def apart(self) -> Runner:
        return Process()


@lru_cache
def of(compute: Compute) -> Runner:
    """The runner that a spec asks for; where it leaves that open, a process a job on a GPU, whose memory is then free
    again for the next, and this process without one."""
    engine = compute.engine or ("process" if gpu.found() else "worker")
    return Process() if engine == "process" else Worker()


@dataclass(frozen=True, slots=True)
class Built:
    """The builder of an artifact that a job makes. The job is written down when it is needed: most artifacts are in the
    store already."""

    runner: Runner
    job: Callable[[], Job]
    progress: Progress = silent

    def __call__(self, folder: Path) -> None:
        self.runner.run(self.job(), folder, self.progress)

    @property
    def apart(self) -> Built:
        """The same in a process that has done nothing else."""
        return replace(self, runner=self.runner.apart)
