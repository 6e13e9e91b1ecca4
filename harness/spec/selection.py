"""``[selection]``: what is trained before an experiment is chosen, and what its candidate must exceed on `dev`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from harness.spec.table import Table
from harness.spec.values import Share


@dataclass(frozen=True, slots=True)
class Selection(Table):
    train: Literal["candidate", "all"] = "candidate"
    """``candidate``: the candidate of each experiment, and the other adapters of the selected one alone. ``all``: every
    adapter of every experiment."""
    weights: Mapping[str, Share] = field(default_factory=lambda: {"coverage": 0.5, "format": 0.5})
    """Of metrics, in the composite that the report shows."""
    minimum: Mapping[str, Share] = field(default_factory=dict)
    """Metric -> what the candidate's `dev` value must exceed; the gate's own threshold where it is not named, and never
    below it."""
