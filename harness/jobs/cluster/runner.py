"""Runs a job as a task of a Ray cluster whose nodes share the store. This process never imports Ray."""

from __future__ import annotations

import json
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from harness.engines import elsewhere
from harness.engines.elsewhere import Nodes
from harness.engines.progress import Progress
from harness.jobs.cluster import connection, marker, order, survey
from harness.jobs.cluster.driver import lost
from harness.jobs.cluster.order import Order
from harness.jobs.job import Job
from harness.jobs.papers import Papers, Relay
from harness.jobs.process import watched, why
from harness.spec.compute import Compute

PATIENCE = 30.0
"""Seconds in which a node must come to see the marker of a job: network file systems keep what they knew of a folder
for about so long."""
GONE_AFTER = 60.0
"""Seconds without any node that could do the job: one that is started anew needs some."""
ATTEMPTS = "attempt-*"


@dataclass(frozen=True)
class Cluster:
    """Has a node do a job, or another one where that node dies."""

    compute: Compute

    def run(self, job: Job, folder: Path, progress: Progress) -> None:
        """Have the folder filled.

        Each attempt writes into a folder of its own, and the one that came to an end is moved here: a node that was
        cut off and goes on cannot touch what another one made.

        Raises:
            GreenrunError: what the job raised, or why no node could do it.
        """
        shared = Papers.beside(folder)
        nodes = elsewhere.told() or survey.ask(self.compute, self.compute.cpus, None)
        try:
            with sighted(job.label, folder):
                _clear(folder)
                shared.begin(job)
                told = self._order(job, folder, marker.leave(shared.folder), nodes)
            with tempfile.TemporaryDirectory(prefix="greenrun-job-") as place:
                won = _asked(told, Path(place), shared, progress)
            with sighted(job.label, folder):
                folder.rmdir()
                folder.with_name(won).rename(folder)
        finally:
            shutil.rmtree(shared.folder, ignore_errors=True)
            _clear(folder)

    @property
    def apart(self) -> Cluster:
        return self

    def _order(self, job: Job, folder: Path, left: dict[str, str], nodes: Nodes) -> Order:
        return Order(
            label=job.label,
            folder=str(folder.absolute()),
            marker=left,
            patience=PATIENCE,
            root=order.project(),
            environment=order.environment(),
            module=job.call.module,
            code=order.code_of(job.call.module),
            versions=order.versions(),
            machine=nodes.machine if job.devices else None,
            wanted=order.wanted(self.compute, nodes.gpus * job.devices),
            retries=self.compute.retries,
            gone_after=GONE_AFTER,
            address=self.compute.address,
        )


def _asked(told: Order, place: Path, shared: Papers, progress: Progress) -> str:
    """Name of the attempt's folder that holds what the job wrote.

    Raises:
        GreenrunError: what the job raised, or that nobody could do it.
    """
    (place / "order.json").write_text(json.dumps(told.row()), encoding="utf-8")
    own = Papers(place)
    status = watched("harness.jobs.cluster.driver", place, own.log, {}, Relay(shared, progress).look)
    if (ended := why(status, own)) is not None:
        raise connection.cut(told.label, told.address, ended)
    own.end(told.label, None)
    return (place / "attempt").read_text(encoding="utf-8")


def _clear(folder: Path) -> None:
    """Remove what attempts left beside a folder."""
    for left in folder.parent.glob(ATTEMPTS):
        shutil.rmtree(left, ignore_errors=True)


@contextmanager
def sighted(label: str, folder: Path) -> Iterator[None]:
    """Say it in one sentence where the store is not there any more.

    Raises:
        StoreError: it is lost.
    """
    try:
        yield
    except OSError as error:
        if error.errno in marker.LOST or not folder.parent.is_dir():
            here = f"this machine ({socket.gethostname()})"
            raise lost(label, here, f"{error.filename or folder}: {error.strerror}") from error
        raise
