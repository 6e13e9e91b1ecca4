"""How likely a model finds a text: the mean negative log-likelihood of its tokens, plain text without any template."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from harness import tokens
from harness.engines.form import Loaded
from harness.engines.mount import mounted
from harness.errors import EmptySetError
from harness.forgetting import PassageLoss

SHOWN = 60
"""Characters of a passage that a report quotes."""


def losses(form: Loaded, adapter: Path, texts: Sequence[str]) -> list[PassageLoss]:
    """Each passage under the bare form and under the form with the adapter.

    Raises:
        AdapterError: the adapter does not fit the base.
        EmptySetError: a passage has fewer than two tokens, so nothing in it is predicted.
    """
    encoded = [tokens.ids(form.tokenizer(text, add_special_tokens=False)) for text in texts]
    for text, ids in zip(texts, encoded, strict=True):
        if len(ids) < 2:
            raise EmptySetError(f"the passage {text!r} has {len(ids)} tokens; two are the least")
    bare = [_nll(form, ids) for ids in encoded]
    with mounted(form, adapter) as model:
        with_it = [_nll(model, ids) for ids in encoded]
    return [
        PassageLoss(text[:SHOWN], len(ids) - 1, before, after)
        for text, ids, before, after in zip(texts, encoded, bare, with_it, strict=True)
    ]


def _nll(engine: Loaded, ids: Sequence[int]) -> float:
    """Mean over all tokens but the first, which nothing predicts; in nats, reduced in float32."""
    import torch
    import torch.nn.functional as F  # noqa: N812 - torch's own name for it

    row = torch.tensor([list(ids)], device=engine.model.device)  # (1, time)
    with torch.inference_mode():
        logits = engine.model(input_ids=row).logits[0, :-1].float()  # (time - 1, vocab)
    return float(F.cross_entropy(logits, row[0, 1:]))
