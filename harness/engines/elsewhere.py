"""The machines that do a run's jobs, where these are not this one: what of them changes results.

A process of the run is told once, before anything asks; from then on `harness.engines.form.machine`, `gpu.found` and
`processor.multiplies_bfloat16` speak of them. A process that does a job is never told: it speaks of where it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Nodes:
    """What all nodes that may do the jobs have in common; JSON values."""

    machine: Mapping[str, object]
    """As `harness.engines.form.machine` gives it on each."""
    bfloat16: bool | None
    """As `harness.engines.processor.multiplies_bfloat16` gives it on each."""
    gpus: float
    """What a job asks for each device that it computes on; 0 on a cluster without GPUs."""

    @property
    def cuda(self) -> bool:
        return self.machine["device"] != "cpu"


_TOLD: list[Nodes] = []


def tell(nodes: Nodes | None) -> None:
    """Have this process speak of these nodes from now on; of itself again where they are None."""
    _TOLD[:] = [] if nodes is None else [nodes]


def told() -> Nodes | None:
    """The nodes; None where this machine does the work."""
    return _TOLD[0] if _TOLD else None
