"""What a node is told of a job, as JSON; and in which environment a job computes there."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from harness.engines import gpu, processor
from harness.project import ROOT
from harness.spec.compute import Compute
from harness.store import digests

CARRIED = (processor.ATEN, processor.ONEDNN, processor.MKL, *gpu.OVERRIDES, "HF_HUB_OFFLINE")
"""Variables of the environment that change results or ask the network: a job has this process's values of them."""
BESIDE = ("accelerate", "datasets", "gguf", "numpy", "safetensors", "trl")
"""Distributions whose versions stand in keys as this machine has them, so that nodes must have the same."""
PACKAGES = ("harness", "training", "fixtures")
SHARE = 0.001
"""What a job takes of the resource that marks its nodes."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a node must have to do a job."""

    cpus: int
    gpus: float
    resource: str
    """Name of a resource of Ray's that it must have as well; "" for none."""

    def options(self) -> dict[str, Any]:
        """As a Ray task takes it."""
        marked = {"resources": {self.resource: SHARE}} if self.resource else {}
        return {"num_cpus": self.cpus, "num_gpus": self.gpus, **marked}

    def met_by(self, resources: Mapping[str, float]) -> bool:
        """Whether a node with these resources can, once it is free."""
        marked = not self.resource or resources.get(self.resource, 0.0) >= SHARE
        return resources.get("CPU", 0.0) >= self.cpus and resources.get("GPU", 0.0) >= self.gpus and marked

    def __str__(self) -> str:
        marked = f" and the resource {self.resource!r}" if self.resource else ""
        return f"{self.cpus} CPUs, {self.gpus:g} GPUs{marked}"


@dataclass(frozen=True, slots=True)
class Order:
    """One job, for a node that shares the store."""

    label: str
    folder: str
    """Where the artifact's files are to be. An attempt writes into one of its own beside it."""
    marker: Mapping[str, str]
    """As `harness.jobs.cluster.marker` leaves it."""
    patience: float
    """Seconds in which a node may come to see the marker."""
    root: str
    """Folder of the project, the same on every node."""
    environment: Mapping[str, str]
    module: str
    """That of the function which the job calls."""
    code: str
    """Digest of what that module does, with all that it imports."""
    versions: Mapping[str, str]
    machine: Mapping[str, object] | None
    """What `harness.engines.form.machine` must say on the node; None where the job computes on no device."""
    wanted: Wanted
    retries: int
    """Attempts after the first, where a node dies."""
    gone_after: float
    """Seconds without any node that could do the job after which it is given up."""
    address: str

    def row(self) -> dict[str, Any]:
        """As JSON."""
        return {**asdict(self), "carried": list(CARRIED)}

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Order:
        told = {name: value for name, value in row.items() if name != "carried"}
        return cls(**{**told, "wanted": Wanted(**row["wanted"])})


def wanted(compute: Compute, gpus: float) -> Wanted:
    return Wanted(compute.cpus, gpus, compute.resource)


def environment() -> dict[str, str]:
    """The variables of `CARRIED` that are set here."""
    return {name: os.environ[name] for name in CARRIED if name in os.environ}


def versions() -> dict[str, str]:
    return dict(digests.of_versions(BESIDE))


def code_of(module: str) -> str:
    """Digest of what a job's module does: with all that it imports of this project, or the file of a module from
    elsewhere."""
    if module.partition(".")[0] in PACKAGES:
        return digests.of_code(module)
    from importlib.util import find_spec

    found = find_spec(module)
    return digests.of_file(Path(found.origin)) if found is not None and found.origin else ""


def project() -> str:
    return str(ROOT)


def files() -> dict[str, str]:
    """The beginning of the SHA-256 of each module that jobs may use, by its path in the project."""
    return {
        path.relative_to(ROOT).as_posix(): digests.of_file(path)[:16]
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
    }
