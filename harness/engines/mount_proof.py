"""Proof that a form answers with its adapter: the adapter changes the logits, and brings them nearer to the adapter as
trained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.dataset.item import Item
from harness.engines.divergence import completion_logprobs, mean_kl, passages
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


def measure(form: Loaded, reference: Loaded, adapter: Path, probes: Sequence[Item]) -> MountProof:
    """Mount the adapter on a form and on the reference, and hold both against their bare bases.

    Args:
        form: the bare base in the form that is served.
        reference: the weights that the adapter was trained on, nothing quantized, in what the form computes in.

    Raises:
        AdapterError: its keys are not exactly those of the base.
    """
    texts = passages(form.tokenizer, probes)
    bare, reference_bare = completion_logprobs(form, texts), completion_logprobs(reference, texts)
    with mounted(form, adapter) as model:
        served = completion_logprobs(model, texts)
    with mounted(reference, adapter) as model:
        trained = completion_logprobs(model, texts)
    return MountProof(mean_kl(served, bare), mean_kl(served, trained), mean_kl(served, reference_bare))
