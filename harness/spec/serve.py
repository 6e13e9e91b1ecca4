"""``[serve]``: what the deployed form computes in, on a CPU and on a GPU, where transformers serves it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from harness.spec.table import Table

BFLOAT16: Literal["bfloat16"] = "bfloat16"
Dtype = Literal["float32", "bfloat16"]


@dataclass(frozen=True, slots=True)
class Precision(Table):
    compute: Dtype = "float32"
    """Of the products with 4-bit weights."""
    rest: Dtype = "float32"
    """Of what stays unquantized: embeddings, norms, the vocabulary head."""
    attention: Literal["auto", "sdpa", "eager"] = "auto"
    """As transformers names it; ``auto`` is what it takes for the base by itself."""

    @property
    def moves(self) -> bool:
        """Whether an answer may depend on what is asked beside it: products in bfloat16 are rounded by other kernels
        for other widths, and greedy decoding makes a word of a rounding."""
        return BFLOAT16 in (self.compute, self.rest)


@dataclass(frozen=True, slots=True)
class Serve(Table):
    """One table a device: the same spec is judged on either, and every key and report says in which precision."""

    cpu: Precision = field(default_factory=Precision)
    """Where there is no GPU."""
    cuda: Precision = field(default_factory=Precision)
    """On an NVIDIA GPU."""

    def on(self, device: str) -> Precision:
        return self.cuda if device == "cuda" else self.cpu

    def in_bfloat16(self) -> Iterator[str]:
        """Its keys that name bfloat16: ``cuda.compute``."""
        for device in ("cpu", "cuda"):
            for key in ("compute", "rest"):
                if getattr(self.on(device), key) == BFLOAT16:
                    yield f"{device}.{key}"
