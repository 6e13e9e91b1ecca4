"""A real Ray cluster on this machine: a head that does no jobs, and two nodes that do one each at a time."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from harness.engines import elsewhere
from harness.jobs.cluster import survey
from harness.spec.compute import Compute

MEMORY = 80 * 2**20
"""Bytes of each node's object store, near the least that Ray takes; what jobs return is a few hundred bytes."""
UP_WITHIN = 60.0
NICENESS = "RAY_worker_niceness"
"""Ray's variable: 15 where it is not set, and then whatever else a machine does comes before its jobs."""


@dataclass
class Nodes:
    """The cluster, whose nodes can be killed and added."""

    cluster: Any
    alone: list[subprocess.Popen[bytes]] = field(default_factory=list)
    """Nodes that were started in a view of the file system of their own."""

    @property
    def compute(self) -> Compute:
        return Compute(engine="ray", address=self.cluster.address, cpus=1)

    def add(self) -> Any:
        return self.cluster.add_node(num_cpus=1, object_store_memory=MEMORY)

    def kill(self, beginning: str) -> None:
        """End a node, and all that it runs, without a word to anybody.

        Args:
            beginning: of Ray's id of it.
        """
        node = next(one for one in self.cluster.worker_nodes if one.node_id.startswith(beginning))
        self.cluster.remove_node(node, allow_graceful=False)

    def add_alone(self, hidden: Path, temporary: Path, **resources: float) -> subprocess.Popen[bytes]:
        """Start a node that sees an empty folder in place of `hidden`.

        Args:
            resources: of Ray's, beside one CPU.
        """
        start = (
            f"mount -t tmpfs none '{hidden}' && exec '{sys.executable}' -m ray.scripts.scripts start "
            f"--address={self.cluster.address} --num-cpus=1 --object-store-memory={MEMORY} --block "
            f"--disable-usage-stats --resources='{json.dumps(resources)}'"
        )
        log = (temporary / "node.log").open("wb")
        node = subprocess.Popen(
            ["unshare", "--mount", "sh", "-c", start], stdout=log, stderr=log, start_new_session=True
        )
        self.alone.append(node)
        return node


def until(true: Callable[[], bool], seconds: float = UP_WITHIN) -> None:
    """Wait for something that takes a moment."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.1)


@pytest.fixture(scope="session")
def installed() -> None:
    if importlib.util.find_spec("ray") is None:
        pytest.skip("Ray is not installed; make ray installs it")


@pytest.fixture(scope="module")
def nodes(installed: None) -> Iterator[Nodes]:
    from ray.cluster_utils import Cluster

    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ[NICENESS] = "0"
    head = {"num_cpus": 0, "include_dashboard": False, "object_store_memory": MEMORY}
    found = Nodes(Cluster(initialize_head=True, head_node_args=head))
    try:
        found.add()
        found.add()
        yield found
    finally:
        for node in found.alone:
            node.terminate()
            node.wait(30)
        found.cluster.shutdown()


@pytest.fixture(scope="module")
def surveyed(nodes: Nodes) -> elsewhere.Nodes:
    """What the nodes have in common."""
    return survey.ask(nodes.compute, 1, None)


@pytest.fixture
def told(nodes: Nodes, surveyed: elsewhere.Nodes) -> Iterator[Nodes]:
    """The cluster, whose nodes this process was told of as a run's processes are."""
    elsewhere.tell(surveyed)
    yield nodes
    elsewhere.tell(None)
