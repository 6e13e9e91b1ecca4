"""Rates of a card that nobody measured, estimated from its datasheet: what must be computed and moved, over what the
card can at most, times the part of it that is assumed to be used.

Training computes 6 N operations a token: 2 N forwards, 2 N forwards again for what was not kept, and 2 N for the
gradients of what enters a layer. (A training of all weights has the same 6 N, with the gradients of the weights in
place of the second forwards: Kaplan et al. 2020, section 2.1.) Decoding moves every weight for each token of a batch:
bitsandbytes reads 4 bits of it and, for more than one row, writes and reads 16, the weight de-quantized; keys and
values of every row come to that.
"""

from __future__ import annotations

from dataclasses import dataclass

from harness.engines.shape import Shape
from harness.run.needs import NF4
from suites.cost.rates import Kind, Rate, Rates
from suites.cost.shapes import BF16


@dataclass(frozen=True, slots=True)
class Card:
    name: str
    memory: float
    """Bytes."""
    bandwidth: float
    """Bytes a second."""
    flops: float
    """Operations a second in bfloat16, dense."""
    source: str


CARDS = (
    Card("H100", 80e9, 3.35e12, 989e12, "NVIDIA H100 Tensor Core GPU datasheet, SXM"),
    Card("H200", 141e9, 4.8e12, 989e12, "NVIDIA H200 Tensor Core GPU datasheet, SXM"),
)


@dataclass(frozen=True, slots=True)
class Assumed:
    """What an estimate rests on beside the datasheet. Nobody measured any of it."""

    used: float
    """Part of the card's peak that is used, of operations and of bandwidth alike."""
    disk: float = 2e9
    """Bytes a second that a checkpoint is read with."""
    start: float = 15.0
    """Seconds until a process has imported torch, transformers, peft and bitsandbytes and the card's context is up."""


LIKELY, LOW = Assumed(0.30), Assumed(0.10)


def rates(shape: Shape, card: Card, assumed: Assumed, rows: int, length: float) -> Rates:
    """Estimated rates of a base in NF4, computed in bfloat16.

    Args:
        rows: answers in a full batch.
        length: tokens of prompt and answer, in the mean: what keys and values are kept of.
    """
    computed, moved = assumed.used * card.flops, assumed.used * card.bandwidth
    of_card = f"{card.name} at {assumed.used:.0%}"
    return Rates(
        train=_estimate(computed / (6 * shape.weights), f"6 N operations a token, {of_card}"),
        read=_estimate(computed / (2 * shape.weights), f"2 N operations a token, {of_card}"),
        answer=_estimate(rows * moved / step_bytes(shape, rows, length), f"bytes moved a step, {of_card}"),
        alone=_estimate(moved / step_bytes(shape, 1, length), f"bytes moved a step, {of_card}"),
        load=_estimate(BF16 * shape.weights / assumed.disk, f"{assumed.disk / 1e9:g} GB/s of a 16-bit checkpoint"),
        start=_estimate(assumed.start, "assumed"),
    )


def step_bytes(shape: Shape, rows: int, length: float) -> float:
    """Bytes that one token more of each row moves."""
    a_weight = NF4 if rows == 1 else NF4 + 2 * BF16
    return a_weight * shape.linear + BF16 * shape.words * shape.width + cache_bytes(shape, rows, length)


def cache_bytes(shape: Shape, rows: int, length: float) -> float:
    """Bytes of the keys and values of so many rows of so many tokens."""
    return BF16 * 2 * shape.blocks * shape.keys * rows * length


def _estimate(value: float, source: str) -> Rate:
    return Rate(value, Kind.ESTIMATE, source)
