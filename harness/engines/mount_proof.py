"""Proof that a form answers with its adapter: the adapter changes the logits, and brings them nearer to the adapter as
trained."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.dataset.item import Item
from harness.engines.divergence import Passage, completion_logprobs, mean_kl, passages
from harness.engines.form import Loaded
from harness.engines.mount import mounted


@dataclass(frozen=True, slots=True)
class MountProof:
    """Divergences in nats per token over the probes' reference answers."""

    moved: float
    """KL of the form with the adapter against the form without."""
    to_adapter: float
    """KL of the form with the adapter against the adapter as trained, in the form's own precision."""
    to_base: float
    """KL of the form with the adapter against the bare weights it was trained on, in the same."""

    @property
    def holds(self) -> bool:
        return self.moved > 0.0 and self.to_adapter < self.to_base


def measure(
    form: Callable[[], Loaded], reference: Callable[[], Loaded], adapter: Path, probes: Sequence[Item]
) -> MountProof:
    """Mount the adapter on a form and on the reference, and hold both against their bare bases.

    One is asked after the other, and of each its log-probabilities alone are kept: both models at once would need the
    memory of both.

    Args:
        form: loads the bare base in the form that is served.
        reference: loads the weights that the adapter was trained on, nothing quantized, in what the form computes in.

    Raises:
        AdapterError: its keys are not exactly those of the base.
    """
    engine = form()
    texts = passages(engine.tokenizer, probes)
    bare, served = _without_and_with(engine, adapter, texts)
    del engine  # or it could not make room for the reference
    reference_bare, trained = _without_and_with(reference(), adapter, texts)
    return MountProof(mean_kl(served, bare), mean_kl(served, trained), mean_kl(served, reference_bare))


def _without_and_with(engine: Loaded, adapter: Path, texts: Sequence[Passage]) -> tuple[list[Any], list[Any]]:
    """Log-probabilities of the passages by the bare base, and with the adapter on it."""
    bare = completion_logprobs(engine, texts)
    with mounted(engine, adapter) as model:
        return bare, completion_logprobs(model, texts)
