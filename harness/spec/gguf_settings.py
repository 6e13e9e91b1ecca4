"""The options of ``[gates.gguf]``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

MERGED, APART = "merged", "apart"


@dataclass(frozen=True, slots=True)
class Settings:
    adapter: str = MERGED
    """``merged``: into the base, and rounded with it. ``apart``: a LoRA laid upon a base file that is left as it is."""
    quantization: str = "Q4_0"
    """As llama-quantize names it. Its blocks of 32 fit any width; a K-quant needs rows of a multiple of 256."""
    bits_per_weight: float = 5.5
    """What a file may have at most, all tensors counted. A plain Q5_0 has 5.5: a 4-bit file that needs more is none."""
    merge_tolerance: float = 0.01
    """Largest difference in nats that a merge may make to any log-probability. In float32 it is a thousandth of that;
    a merge in bfloat16 makes ten times as much."""
    probe_items: int = 6
    """Benchmark items a task that the merge is measured on."""
    smoke_items: int = 2
    """Benchmark items a task that each runtime answers."""
    version: str = ""
    """Text that every tool's version holds, "" for that of the pinned one; for an own llama.cpp
    (``--llama-cpp=DIR``) its commit or number."""
    convert_seconds: float = 600.0
    quantize_seconds: float = 600.0
    smoke_seconds: float = 120.0
    """Limit of one answer by llama-completion or llama-cli, and of all answers of the Python binding together."""

    @property
    def apart(self) -> bool:
        return self.adapter == APART


def from_table(table: Mapping[str, Any]) -> Settings:
    """The table's options; `blocking` belongs to the gates."""
    known = {field.name for field in fields(Settings)}
    return Settings(**{name: value for name, value in table.items() if name in known})
