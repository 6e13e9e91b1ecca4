"""The request for an artifact that a job makes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from harness.engines.progress import Progress, silent
from harness.jobs import runner
from harness.jobs.call import Call
from harness.jobs.job import Job
from harness.jobs.runner import Built
from harness.spec.compute import Compute
from harness.store.artifact import Key, Request


def made_by(
    function: Callable[..., None],
    key: Key,
    compute: Compute,
    arguments: Mapping[str, object],
    progress: Progress = silent,
    devices: int = 1,
) -> Request:
    """The request for what ``function(folder, progress, **arguments)`` writes, called by the process that ``[compute]``
    names.

    Args:
        devices: GPUs that it needs, where there are any.
    """

    def written() -> Job:
        return Job(Call.of(function, **arguments), f"{key.kind} {key.label}".strip(), devices)

    return Request(key, Built(runner.of(compute), written, progress))
