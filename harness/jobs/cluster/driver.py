"""The process that asks a cluster to do one job: ``python -m harness.jobs.cluster.driver PLACE``, a folder that holds
the order, and at the end the outcome.

A process of its own, since Ray ends the whole process where it loses its cluster, and takes over signals; and since
whatever ends this one, be it SIGKILL, has the cluster end the job.
"""

from __future__ import annotations

import json
import socket
import sys
import time
from pathlib import Path
from typing import Any

from harness.errors import ClusterError, JobError, StoreError
from harness.jobs import outcome, papers
from harness.jobs.cluster import connection, marker, on_node
from harness.jobs.cluster.order import Order
from harness.jobs.papers import Papers

LOOKED_EVERY = 1.0
"""Seconds between two looks at store and nodes while a job is under way."""


def main(place: Path) -> int:
    def do() -> None:
        order = Order.of(json.loads((place / "order.json").read_text(encoding="utf-8")))
        told = carried_out(order)
        if told["outcome"]:
            raise papers.raised(order.label, told["outcome"])
        (place / "attempt").write_text(told["attempt"], encoding="utf-8")

    return outcome.told(Papers(place), do)


def carried_out(order: Order) -> dict[str, Any]:
    """What the attempt that came to an end told.

    Raises:
        ClusterError: there is no cluster, or no node of it can do the job.
        StoreError: the store is not there any more.
        JobError: the nodes that did it died, more often than the spec allows.
    """
    with connection.connected(order.address) as ray:
        from ray import exceptions

        options = {**order.wanted.options(), "max_calls": 1, "max_retries": order.retries, "retry_exceptions": False}
        task = ray.remote(**options)(on_node.attempt)
        asked = task.options(name=f"greenrun {order.label}").remote(order.row())
        try:
            told: dict[str, Any] = _awaited(ray, asked, order)
        except exceptions.RayError as error:
            words = " ".join(str(error).split())[:600]
            raise JobError(
                f"{order.label}: no node brought it to an end in {order.retries + 1} attempts, the last: {words}"
            ) from error
    if "cannot" in told:
        raise ClusterError(f"{order.label}: node {told['node']} cannot do this: {told['cannot']}")
    if "lost" in told:
        raise lost(order.label, f"node {told['node']}", told["lost"])
    return told


def _awaited(ray: Any, asked: Any, order: Order) -> Any:
    """What the task returns.

    Raises:
        ClusterError, StoreError: it never can.
    """
    without_since: float | None = None
    while True:
        done, _ = ray.wait([asked], timeout=LOOKED_EVERY)
        if done:
            return ray.get(asked)
        nodes = ray.nodes()
        if cause := marker.missing(dict(order.marker)):
            ray.cancel(asked, force=True)
            raise lost(order.label, f"this machine ({socket.gethostname()})", cause)
        if connection.fit(nodes, order.wanted):
            without_since = None
        elif without_since is None:
            without_since = time.monotonic()
        elif time.monotonic() - without_since > order.gone_after:
            ray.cancel(asked, force=True)
            raise connection.unfit(order.address, nodes, order.wanted)


def lost(label: str, where: str, cause: str) -> StoreError:
    return StoreError(
        f"{label}: the shared store was lost, {where} does not see it any more ({cause}); mount it again and run the "
        "same command, which goes on from what is stored"
    )


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
