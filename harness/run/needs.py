"""What a release needs of a machine, estimated before it starts: bytes on the disk and in memory, stage by stage.

Estimates, not measurements: everything follows from the base's shape and the spec. `docs/bases.md` sets them beside
what was measured of a 135M model.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from harness.engines import base_model, gpu, resident
from harness.engines.shape import Shape
from harness.forms import registry
from harness.spec import trainer
from harness.spec.objects import Spec
from harness.spec.serve import Precision

FLOAT32, FLOAT16 = 4, 2
"""Bytes of a weight; bfloat16 has as many as float16."""
NF4 = 0.5 + (1 + 4 / 256) / 64
"""Bytes of a weight in NF4 with double quantization: four bits, and for each 64 weights a constant of one byte, 256 of
which share one of four (QLoRA, Dettmers et al. 2023, section 3)."""
Q4_0 = 4.5 / 8
"""Bytes of a weight in a Q4_0 file: four bits, and two bytes for each 32 weights; embeddings have 8.5 bits."""
Q8_0 = 8.5 / 8
TRAINED = 4 * FLOAT32
"""Bytes that training holds for each weight of an adapter: itself, its gradient, AdamW's two moments."""
ROOM = 64
"""Tokens of room in the cache of keys and values (`harness.engines.growing_cache`)."""
RUNTIME = 450e6
"""Bytes of a process that has imported torch, transformers, peft and bitsandbytes (measured: 443 MB)."""


_HALVE = ', set recipe.base_dtype = "bfloat16"'

AS_EVER = Precision()
"""Of a form that was told nothing."""


@dataclass(frozen=True, slots=True)
class Need:
    """An amount of one thing, and what it is for."""

    stage: str
    """What is done or kept, in words: ``train an adapter``."""
    size: float
    """In bytes."""
    what: str
    """What it is made of, in words."""
    kept: bool = False
    """Whether it is of the disk; else it is of one process's memory."""
    on_device: bool = False
    """Of memory: the GPU's where there is one."""
    mend: str = ""
    """How the spec can ask for less; "" where it cannot."""
    most: int = 1
    """Processes that may be at it at once, where workers share the work."""

    def side_by_side(self, workers: int) -> int:
        return min(workers, self.most)


@dataclass(frozen=True, slots=True)
class Work:
    """What a run has to do, as far as it is known when it opens."""

    base: bool
    """Whether the base's checkpoint has to be written."""
    weights: bool
    """Whether the weights that adapters are trained on have to be."""
    adapters: int
    """Adapters to be trained."""
    longest: int
    """Tokens of the longest item, at most."""

    @property
    def any(self) -> bool:
        return self.base or self.weights or self.adapters > 0


def lora(shape: Shape, spec: Spec) -> float:
    """Weights of an adapter on every matrix of the blocks that learn."""
    learning = max(0, shape.blocks - spec.recipe.first_layer) / shape.blocks
    return spec.recipe.rank * shape.sides * learning


def held(shape: Shape, four_bit: bool, precision: Precision = AS_EVER) -> float:
    """Bytes of a loaded base: in NF4 the blocks' matrices, and the rest as the form is told to hold it."""
    if not four_bit:
        return size_of(precision.compute) * shape.weights
    return NF4 * shape.linear + size_of(precision.rest) * (shape.weights - shape.linear)


def size_of(dtype: str) -> float:
    """Bytes of a number."""
    return FLOAT32 if dtype == "float32" else FLOAT16


def activations(shape: Shape, spec: Spec, tokens: float) -> float:
    """Bytes that a training step keeps for the way back, of the blocks that learn, and of the head.

    For each token and block: eight rows of the model's width (two norms, queries, attention's output and what the
    adapters keep), keys and values, four rows of the feed-forward layer; with eager attention its scores twice. The
    head keeps logits, their softmax and its gradient in float32 for what is learned, here half of the tokens. Counted
    from the blocks as Llama and Qwen have them, in the manner of Korthikanti et al. 2022, section 4.
    """
    recipe = spec.recipe
    size = FLOAT32 if recipe.base_dtype == "float32" else FLOAT16
    a_block: float = 8 * shape.width + 2 * shape.keys + 4 * shape.inner
    if recipe.attention == "eager":
        a_block += 2 * shape.heads * tokens / recipe.batch_size
    learning = max(0, shape.blocks - recipe.first_layer)
    return tokens * (size * learning * a_block + FLOAT32 * 3 * shape.words / 2)


def disk(shape: Shape, spec: Spec, work: Work) -> Iterator[Need]:
    """What will be written to the store.

    A checkpoint is its weights in its own type; of an adapter training keeps two states beside it while it runs.
    """
    rest = shape.weights - shape.linear
    if work.base:
        yield Need("the base", FLOAT16 * shape.weights, "16-bit weights", kept=True)
    if work.weights and not registry.deployed(spec).four_bit:  # of NF4 nothing is written (`harness.engines.rounded`)
        said = "float32: no type of two bytes holds a GGUF file's products of scale and step"
        yield Need("the weights as served", FLOAT32 * shape.weights, said, kept=True)
    if work.adapters:
        states = 2 * 3 * FLOAT32 * lora(shape, spec)
        kept = work.adapters * FLOAT32 * lora(shape, spec)
        said = f"{work.adapters} of rank {spec.recipe.rank}, and two states of training"
        yield Need("adapters", kept + states, said, kept=True)
    if spec.gates.gguf is not None and work.any:
        merged = FLOAT32 * shape.weights
        files = FLOAT16 * shape.weights + Q4_0 * shape.linear + Q8_0 * rest
        yield Need("the merged checkpoint", merged, "float32", kept=True)
        yield Need("its GGUF files", files, f"f16 and {spec.gates.gguf.quantization}", kept=True)
        if spec.gates.gguf.apart:
            own = FLOAT16 * (shape.weights + lora(shape, spec)) + Q4_0 * shape.linear + Q8_0 * rest
            yield Need("the base's GGUF files", own, "f16, the file that LoRAs are laid upon, and the LoRA", kept=True)


def memory(shape: Shape, spec: Spec, work: Work) -> Iterator[Need]:
    """What one process holds at most in each stage that is still to be done."""
    form = registry.deployed(spec)
    whole, loaded = FLOAT32 * shape.weights, held(shape, form.four_bit, form.precision)
    if work.base and base_model.is_gguf(spec.base):
        yield Need("write the base's checkpoint", whole, "the GGUF file, de-quantized in float32")
    if work.weights and not form.four_bit:
        yield Need("write the weights as served", whole, "the GGUF file, de-quantized in float32")
    if work.adapters:
        step = activations(shape, spec, spec.recipe.batch_size * min(work.longest, spec.recipe.max_length))
        dtype = spec.recipe.base_dtype
        size, own = size_of(dtype), TRAINED * lora(shape, spec)
        four_bit = form.trains_in_four_bits and by_trl(spec)
        frozen = held(shape, True, Precision(dtype, dtype)) if four_bit else size * shape.weights
        yield Need(
            "train an adapter",
            frozen + own + step,
            f"weights in {f'NF4 and {dtype}' if four_bit else dtype}, a batch of {spec.recipe.batch_size}",
            on_device=True,
            mend="lower recipe.batch_size or recipe.max_length" + (_HALVE if size == FLOAT32 else ""),
            most=work.adapters,
        )
    if work.any and form.engine == "transformers":
        length = work.longest + max(task.max_new_tokens for task in spec.tasks.values())
        number = size_of(form.precision.rest)
        at_once = min(spec.batch_size * length, max(spec.batch_tokens, length))
        cache = number * 2 * shape.blocks * shape.keys * (at_once + spec.batch_size * ROOM)
        # Of prompts, one block at a time.
        block = number * (8 * shape.width + 3 * shape.inner) * min(spec.batch_size * work.longest, at_once)
        said = f"{form.name}, and keys and values of {at_once:,} tokens"
        mend = "lower generation.batch_tokens or generation.batch_size"
        yield Need("answer", loaded + cache + block, said, on_device=True, mend=mend)
    if work.any:
        as_trained = size_of(form.precision.compute) * shape.weights
        yield Need(
            "hold the form against the adapter as trained",
            in_turn(loaded, as_trained),
            "one loaded after the other",
            on_device=True,
        )
        if spec.gates.gguf is not None:
            told = "weights and merged checkpoint in float32, one after the other"
            yield Need("prove the merge", in_turn(whole, whole), told)


def in_turn(first: float, second: float) -> float:
    """Bytes of two models of which the first makes room for the second, where it is no small one."""
    return first + second if first <= resident.MOST else max(first, second)


def by_trl(spec: Spec) -> bool:
    """Whether TRL trains on this machine."""
    return trainer.chosen(spec.recipe, not spec.recipe.trainer and gpu.found()) == trainer.TRL
