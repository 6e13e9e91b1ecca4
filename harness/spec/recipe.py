"""``[recipe]`` and ``[[experiments]]``: how adapters are trained, what all share and what an experiment varies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Ge, Le

from harness.spec.table import Table
from harness.spec.values import Count, Name, Positive, Share


@dataclass(frozen=True, slots=True)
class Recipe(Table):
    """LoRA and optimizer settings, the same for every experiment."""

    rank: Annotated[int, Ge(1), Le(512)]
    """Of LoRA's matrices."""
    alpha: Count
    """LoRA's scale is alpha / rank."""
    batch_size: Count
    """Samples of a step."""
    max_length: Annotated[int, Ge(16)]
    """Tokens of a sample; a longer one is refused."""
    targets: str = "all-linear"
    """Modules that get an adapter, as peft names them."""
    weight_decay: Annotated[float, Ge(0)] = 0.0
    """Of AdamW."""
    warmup_share: Share = 0.0
    """Part of the steps over which the learning rate rises."""
    max_grad_norm: Positive = 1.0
    """Norm that gradients are clipped to."""
    attention: Literal["sdpa", "eager"] = "sdpa"
    """torch's fused kernel, or plain products and a softmax: on a CPU a step takes a quarter less with the latter."""
    first_layer: Annotated[int, Ge(0)] = 0
    """Layers below it keep their weights, so training needs no gradient of theirs."""
    base_dtype: Literal["float32", "bfloat16"] = "float32"
    """What the frozen base computes in while an adapter is trained; the adapter's own weights are always float32."""


@dataclass(frozen=True, slots=True)
class Experiment(Table):
    """One way to train; one of them is selected."""

    name: Name
    """As reports and gates call it."""
    epochs: Count
    """Times that the samples are gone through."""
    learning_rate: Positive
    """The highest of the schedule."""
