"""Compare a form with the adapter and with the bare base, token by token, holding one passage's logits at a time.

Tensors over the vocabulary are freed with their passage and are never written to disk.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from harness.errors import EngineError


@dataclass(frozen=True, slots=True)
class PassageFigures:
    """One reference answer, teacher-forced through three models; each tuple holds one entry a token."""

    item: str
    cluster: str
    """The cluster that the item counts with, since answers of one topic are not independent."""
    to_adapter: tuple[float, ...]
    """KL(adapter || form), nats."""
    to_base: tuple[float, ...]
    """KL(bare base || form), nats."""
    same_top: tuple[bool, ...]
    """Whether adapter and form put the same token first."""
    form_likelihood: tuple[float, ...]
    """Log-likelihood of the reference token in the form, nats."""
    adapter_likelihood: tuple[float, ...]

    @property
    def tokens(self) -> int:
        return len(self.to_adapter)


@dataclass(frozen=True, slots=True)
class Labelled:
    """A passage's id, its cluster, and the token ids of its reference answer."""

    item: str
    cluster: str
    completion: tuple[int, ...]


def stream(
    passages: Iterable[Labelled], adapter: Iterable[Any], base: Iterable[Any], form: Iterable[Any]
) -> Iterator[PassageFigures]:
    """Figures of one passage after the other.

    Args:
        adapter, base, form: for each passage the logits at its completion positions, float32 tensors (tokens, vocab).

    Raises:
        EngineError: the form's logits are not numbers, or are not over the reference's vocabulary.
        ValueError: one of them has fewer or more passages than the others.
    """
    for passage, of_adapter, of_base, of_form in zip(passages, adapter, base, form, strict=True):
        yield compare(passage, of_adapter, of_base, of_form)


def compare(passage: Labelled, adapter: Any, base: Any, form: Any) -> PassageFigures:
    """The figures of one passage; arguments as in `stream`."""
    import torch

    if form.shape != adapter.shape:
        raise EngineError(
            f"{passage.item}: the form gives logits of shape {tuple(form.shape)}, the adapter {tuple(adapter.shape)} "
            "(tokens, vocabulary); was it converted with another tokenizer?"
        )
    if not bool(torch.isfinite(form).all()):
        raise EngineError(f"{passage.item}: the form's logits hold NaN or infinity; its weights or kernels are broken")
    # In float64: a faithful form is 1e-6 nats away, which sums over a vocabulary in float32 would bury.
    of_adapter, of_base, of_form = (torch.log_softmax(logits.double(), dim=-1) for logits in (adapter, base, form))
    wanted = torch.tensor(passage.completion).unsqueeze(1)
    return PassageFigures(
        item=passage.item,
        cluster=passage.cluster,
        to_adapter=tuple(_kl(of_adapter, of_form)),
        to_base=tuple(_kl(of_base, of_form)),
        same_top=tuple((adapter.argmax(-1) == form.argmax(-1)).tolist()),
        form_likelihood=tuple(of_form.gather(1, wanted)[:, 0].tolist()),
        adapter_likelihood=tuple(of_adapter.gather(1, wanted)[:, 0].tolist()),
    )


def _kl(of: Any, against: Any) -> list[float]:
    """KL(of || against) of each row of log-probabilities (tokens, vocab), nats; rounding below 0 is cut off."""
    found: list[float] = (of.exp() * (of - against)).sum(-1).clamp(min=0.0).tolist()
    return found
