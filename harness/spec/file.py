"""The whole file: its tables by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from annotated_types import MinLen

from harness.spec.adapters import AdapterTable
from harness.spec.base import Base
from harness.spec.compute import Compute
from harness.spec.gates import Gates
from harness.spec.licences import Licences
from harness.spec.policy import Policy
from harness.spec.recipe import Experiment, Recipe
from harness.spec.release import Release
from harness.spec.selection import Selection
from harness.spec.serve import Serve
from harness.spec.table import Table
from harness.spec.tasks import TaskTable
from harness.spec.values import Listed, Name
from harness.spec.vllm import Vllm
from harness.spec.waiver import Waiver
from harness.spec.work import Generation, Limits, Retention


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecFile(Table):
    release: Release
    """What is released, and in which form it is judged."""
    base: Base
    """The base model."""
    tasks: Annotated[Mapping[Name, TaskTable], MinLen(1)]
    """What adapters are asked to do."""
    adapters: Annotated[Mapping[Name, AdapterTable], MinLen(1)]
    """What is trained, or given."""
    recipe: Recipe
    """What all trainings share."""
    experiments: Annotated[Listed[Experiment], MinLen(1)]
    """What trainings vary; one is selected."""
    selection: Selection = field(default_factory=Selection)
    """How one is."""
    policy: Policy = field(default_factory=Policy)
    """What counts as proved."""
    generation: Generation = field(default_factory=Generation)
    """How answers are made."""
    serve: Serve = field(default_factory=Serve)
    """What the deployed form computes in."""
    vllm: Vllm = field(default_factory=Vllm)
    """How vLLM serves the base, where it does."""
    compute: Compute = field(default_factory=Compute)
    """Which processes do the work."""
    store: Retention = field(default_factory=Retention)
    """What is kept of earlier runs."""
    limits: Limits = field(default_factory=dict)
    """Seconds that building one artifact of a kind may take; a stage that hangs is ended and named."""
    licences: Licences = field(default_factory=Licences)
    """Terms of use, for the bill of materials and the cards of a bundle."""
    waiver: Listed[Waiver] = ()
    """Gates whose failure somebody answers for, by name and until a date."""
    gates: Gates
    """What must hold."""
