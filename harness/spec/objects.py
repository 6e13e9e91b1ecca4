"""A release spec as one frozen object; `harness.spec.load` reads it from TOML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from harness.spec.adapters import Adapter
from harness.spec.base import Base
from harness.spec.compute import Compute
from harness.spec.gates import Gates
from harness.spec.licences import Licences
from harness.spec.policy import Policy
from harness.spec.recipe import Experiment, Recipe
from harness.spec.release import Release
from harness.spec.selection import Selection
from harness.spec.serve import Serve
from harness.spec.tasks import ALL, SPLITS, Task
from harness.spec.thresholds import Thresholds
from harness.spec.vllm import Vllm
from harness.spec.waiver import Waiver
from harness.spec.work import Generation, Retention

__all__ = ["ALL", "SPLITS", "Adapter", "Base", "Gates", "Selection", "Spec", "Task", "Thresholds"]


@dataclass(frozen=True, kw_only=True)
class Spec(Release, Policy, Generation, Retention):
    """A whole release spec: the keys of ``[release]``, ``[policy]``, ``[generation]`` and ``[store]`` are its own
    attributes, every other table is one. `path` and `digest` say which bytes it was read from.
    """

    path: Path
    digest: str
    base: Base
    tasks: Mapping[str, Task]
    adapters: Mapping[str, Adapter]
    recipe: Recipe
    experiments: tuple[Experiment, ...]
    selection: Selection
    limits: Mapping[str, float]
    """Kind of artifact -> seconds that building one may take."""
    gates: Gates
    serve: Serve = field(default_factory=Serve)
    vllm: Vllm = field(default_factory=Vllm)
    compute: Compute = field(default_factory=Compute)
    licences: Licences = field(default_factory=Licences)
    waivers: tuple[Waiver, ...] = ()
    """The tables of ``[[waiver]]``."""
    base_instead_of: str = ""
    """The source of the base that the file names, where the command line put another one in its place (``--base``); ""
    where `base` is the file's own. Such a run releases nothing: its name is that of a release of another model."""
    opened: Mapping[str, str] = field(default_factory=dict)
    """Path -> SHA-256 of everything that the run reads, as it opened: from the disk, never from the file."""

    @property
    def thresholds(self) -> tuple[Thresholds, ...]:
        """The rows of ``[[gates.eval]]``, with defaults filled in from the policy."""
        return tuple(row.settled(self.rule, self.candidate) for row in self.gates.eval)

    @property
    def external(self) -> bool:
        """True where every adapter is given: nothing trains and nothing is selected."""
        return all(adapter.path is not None for adapter in self.adapters.values())

    def tasks_of(self, adapter: str, task: str) -> tuple[str, ...]:
        """The tasks that a row or gate about `task` covers: all of the adapter's where tasks are pooled."""
        return self.adapters[adapter].tasks if task == ALL else (task,)
