"""``[recipe]`` and ``[[experiments]]``: how adapters are trained, what all share and what an experiment varies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Ge, Le, Lt

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
    """Samples that are computed together; a step learns from `accumulation` times as many."""
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
    trainer: Literal["own", "trl"] | None = None
    """What trains: ``own``, the loop of this project, the faster one on a CPU, or ``trl``, TRL's SFTTrainer, which
    takes a 4-bit base as it is served. Where it is left out, ``own`` on a CPU and ``trl`` on a CUDA device."""
    accumulation: Count = 1
    """Batches whose gradients make one step; every learned token of them counts the same."""
    scheduler: Literal["linear", "cosine", "constant"] = "linear"
    """How the learning rate goes on after its rise: down to nothing on a line or a half cosine, or not at all."""
    dropout: Annotated[float, Ge(0), Lt(1)] = 0.0
    """Share of what enters LoRA's matrices that a step leaves out."""
    optimizer: Literal["adamw", "paged-adamw", "paged-adamw-8bit"] = "adamw"
    """The paged ones are bitsandbytes': their state moves to the machine's memory where the card has no room."""
    checkpointing: bool = False
    """Whether layers are computed again for their gradients in place of kept: less memory, more time."""
    packing: bool = False
    """Whether samples are put one after another into rows of up to `max_length` tokens, none seeing another; a batch is
    of rows then."""
    processes: Count = 1
    """Processes that share a batch, on a card each where there is CUDA."""
    sharding: Literal["fsdp"] | None = None
    """How these processes share the frozen base: ``fsdp``, a part of each layer on each card, for a base that one does
    not hold. Where it is left out, each holds all of it."""


@dataclass(frozen=True, slots=True)
class Experiment(Table):
    """One way to train; one of them is selected."""

    name: Name
    """As reports and gates call it."""
    epochs: Count
    """Times that the samples are gone through."""
    learning_rate: Positive
    """The highest of the schedule."""
