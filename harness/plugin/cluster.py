"""A run whose jobs a cluster does: asked once what its nodes have in common, for every process of the run."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from harness.engines import elsewhere
from harness.engines.elsewhere import Nodes
from harness.jobs.cluster import survey
from harness.spec.objects import Spec


def open_on(config: pytest.Config, loaded: Spec, out: Path) -> None:
    """Ask the nodes that ``[compute]`` names, or take what the controller of this worker was told; nothing where this
    machine does the jobs.

    Raises:
        ClusterError: there is no Ray, no cluster, or no node that can do this run's jobs.
    """
    worker: dict[str, Any] | None = getattr(config, "workerinput", None)
    if worker is not None:
        told = worker["greenrun_nodes"]
        elsewhere.tell(None if told is None else Nodes(**told))
        return
    elsewhere.tell(None)
    if loaded.compute.engine == "ray":
        writes = not (config.getoption("--plan") or config.option.collectonly or config.getoption("--rescore"))
        elsewhere.tell(survey.ask(loaded.compute, loaded.threads, out / "store" if writes else None))


def told() -> dict[str, Any] | None:
    """What the nodes have in common, for workers, as JSON; None where this machine does the jobs."""
    nodes = elsewhere.told()
    return None if nodes is None else asdict(nodes)
