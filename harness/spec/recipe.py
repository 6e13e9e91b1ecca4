"""How adapters are trained: what all share, and what an experiment varies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Recipe:
    """LoRA and optimizer settings, the same for every experiment."""

    rank: int
    alpha: int
    batch_size: int
    max_length: int
    targets: str = "all-linear"
    weight_decay: float = 0.0
    warmup_share: float = 0.0
    max_grad_norm: float = 1.0
    attention: Literal["sdpa", "eager"] = "sdpa"
    """torch's fused kernel, or plain products and a softmax: on a CPU a step takes a quarter less with the latter."""
    first_layer: int = 0
    """Layers below it keep their weights, so training needs no gradient of theirs."""
    base_dtype: Literal["float32", "bfloat16"] = "float32"
    """What the frozen base computes in while an adapter is trained; the adapter's own weights are always float32."""


@dataclass(frozen=True, slots=True)
class Experiment:
    name: str
    epochs: int
    learning_rate: float
