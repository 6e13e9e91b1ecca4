"""``[vllm]``: how vLLM serves the base, where ``deploy = "vllm"``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from harness.spec.table import Table
from harness.spec.values import Count


@dataclass(frozen=True, slots=True)
class Vllm(Table):
    dtype: Literal["float32", "bfloat16"] = "float32"
    """What it computes in, and what weights that are not quantized are kept in."""
    context: Count = 4096
    """Tokens of a prompt and its answer together; at most what the base can take."""
    kv_cache_gib: Count = 1
    """Memory in GiB for the keys and values of all answers at once, on a CPU; a GPU's is what the weights leave."""
