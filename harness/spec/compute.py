"""``[compute]``: which processes do the work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from harness.spec.table import Table


@dataclass(frozen=True, slots=True)
class Compute(Table):
    engine: Literal["", "worker", "process"] = ""
    """``worker``: the pytest process that needs an artifact builds it, and keeps the base that it loaded.
    ``process``: a process of its own builds it, on a GPU that nobody else has meanwhile. By default the latter on a
    GPU, whose memory is free again after each, and the former without one. The bytes are the same."""
