"""Disk and memory that a release needs, by the formulas that refuse a run before it starts (`harness.run.needs`)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from harness.engines.shape import Shape
from harness.run import needs
from harness.run.needs import Work
from harness.spec.objects import Spec
from harness.spec.serve import BFLOAT16, Precision
from suites.cost.roofline import cache_bytes
from suites.cost.tokens import Tokens

SERVED = Precision(BFLOAT16, BFLOAT16, "sdpa")


@dataclass(frozen=True, slots=True)
class Room:
    what: str
    size: float
    """In bytes."""


def disk(shape: Shape, spec: Spec, adapters: int) -> Iterator[Room]:
    """What is written, on a card: adapters are trained on the base as it is, so no other weights are kept."""
    work = Work(base=True, weights=False, adapters=adapters, longest=0)
    yield from (Room(need.stage, need.size) for need in needs.disk(shape, spec, work))


def memory(shape: Shape, spec: Spec, tokens: Tokens) -> Iterator[Room]:
    """What one process holds of a card at most, in bfloat16, stage by stage."""
    in_bfloat16 = replace(spec, recipe=replace(spec.recipe, base_dtype=BFLOAT16))
    base = needs.held(shape, four_bit=True, precision=SERVED)
    trained = needs.TRAINED * needs.lora(shape, spec)
    step = needs.activations(shape, in_bfloat16, spec.recipe.batch_size * spec.recipe.max_length)
    yield Room("the base in NF4", base)
    yield Room(f"train on it, {spec.recipe.batch_size} x {spec.recipe.max_length} tokens", base + trained + step)
    kept = cache_bytes(shape, spec.batch_size, tokens.prompt + tokens.longest)
    yield Room(f"answer, {spec.batch_size} together", base + kept)
    whole = needs.size_of(BFLOAT16) * shape.weights
    yield Room("hold it against the weights as trained, one after the other", needs.in_turn(base, whole))
