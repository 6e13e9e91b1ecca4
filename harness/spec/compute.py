"""``[compute]``: which processes do the work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Ge

from harness.spec.table import Table
from harness.spec.values import Text


@dataclass(frozen=True, slots=True)
class Compute(Table):
    engine: Literal["", "worker", "process", "ray"] = ""
    """``worker``: the pytest process that needs an artifact builds it, and keeps the base that it loaded.
    ``process``: a process of its own builds it, on a GPU that nobody else has meanwhile. By default the latter on a
    GPU, whose memory is free again after each, and the former without one. ``ray``: a node of a Ray cluster builds it
    (docs/ray.md). The bytes are the same."""
    address: Text = "auto"
    """Ray: ``HOST:PORT`` of the cluster's head; ``auto`` is what RAY_ADDRESS says, else the cluster that this machine
    is a node of."""
    cpus: Annotated[int, Ge(0)] = 0
    """Ray: processors that a job takes of its node; 0 for as many as ``release.threads``."""
    gpus: Annotated[float, Ge(0)] | None = None
    """Ray: GPUs that a job takes for each device that it computes on, a fraction where jobs may share one. By default 1
    where a node has a GPU, and 0 elsewhere."""
    resource: str = ""
    """Ray: name of a resource that marks the nodes which may do jobs; by default all that have enough processors and
    GPUs."""
    retries: Annotated[int, Ge(0)] = 3
    """Ray: how often a job is begun again whose node died."""
