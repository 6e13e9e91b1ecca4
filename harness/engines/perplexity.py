"""How likely a model finds a text: the mean negative log-likelihood of its tokens, plain text without any template."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from harness import out_of_memory
from harness.dataset import tokens
from harness.engines.form import Loaded
from harness.errors import EmptySetError

AT_ONCE = 10
"""Passages per forward pass. 4-bit weights are de-quantized for each pass, and the logits of each passage take
megabytes."""

SHOWN = 60
"""Most characters of a passage that a report quotes."""


@dataclass(frozen=True, slots=True)
class TextLoss:
    """Mean negative log-likelihood of one text under one model."""

    tokens: int
    """Predicted tokens: all but the first."""
    nats: float
    """Mean negative log-likelihood, in nats per predicted token."""


@dataclass(frozen=True, slots=True)
class PassageLoss:
    """Mean negative log-likelihoods of one passage, in nats per token."""

    text: str
    """Its first words, for a reader."""
    tokens: int
    bare: float
    mounted: float

    @property
    def lost(self) -> float:
        return self.mounted - self.bare


def losses(engine: Loaded, texts: Sequence[str]) -> list[TextLoss]:
    """The loss of each text under one model.

    Raises:
        EmptySetError: a text has fewer than two tokens, so nothing in it is predicted.
    """
    ids_of = encoded(engine.tokenizer, texts)
    return [TextLoss(len(ids) - 1, mean) for ids, mean in zip(ids_of, _nll(engine, ids_of), strict=True)]


def encoded(tokenizer: Any, texts: Sequence[str]) -> list[list[int]]:
    """Token ids of each text, without any that a tokenizer would add.

    Raises:
        EmptySetError: a text has fewer than two tokens, so nothing in it is predicted.
    """
    found = [tokens.ids(tokenizer(text, add_special_tokens=False)) for text in texts]
    for text, ids in zip(texts, found, strict=True):
        if len(ids) < 2:
            raise EmptySetError(f"the passage {text!r} has {len(ids)} tokens; two are the least")
    return found


def nats(logits: Any, ids: Sequence[int]) -> float:
    """Mean negative log-likelihood of `ids` under logits (tokens, vocab), reduced in float32."""
    import torch
    import torch.nn.functional as F  # noqa: N812 - torch's own name for it

    return float(F.cross_entropy(logits.float(), torch.tensor(list(ids))))


def paired(texts: Sequence[str], bare: Sequence[TextLoss], mounted: Sequence[TextLoss]) -> list[PassageLoss]:
    """Losses of the same texts without and with an adapter."""
    return [
        PassageLoss(text[:SHOWN], before.tokens, before.nats, after.nats)
        for text, before, after in zip(texts, bare, mounted, strict=True)
    ]


def _nll(engine: Loaded, encoded: Sequence[Sequence[int]]) -> list[float]:
    """For each passage the mean negative log-likelihood over all tokens but the first, which nothing predicts; in nats,
    reduced in float32."""
    import torch

    found = []
    for start in range(0, len(encoded), AT_ONCE):
        rows = [torch.tensor(list(ids)) for ids in encoded[start : start + AT_ONCE]]
        # Padded behind, so that nothing that counts sees it.
        batch = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True)  # (passages, longest)
        mask = torch.nn.utils.rnn.pad_sequence([torch.ones_like(row) for row in rows], batch_first=True)
        device = engine.model.device
        doing = f"computing losses of {len(rows)} texts of up to {batch.shape[1]} tokens"
        with torch.inference_mode(), out_of_memory.said(doing):
            logits = engine.model(input_ids=batch.to(device), attention_mask=mask.to(device)).logits
        for row, scores in zip(rows, logits.cpu(), strict=True):
            found.append(nats(scores[: len(row) - 1], row[1:].tolist()))
    return found
