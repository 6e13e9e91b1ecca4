"""Completion-only loss, with the vocabulary head computed only where there is a label.

The head is the largest single matrix of a small model (49,152 words here); on prompts it would be
computed to be thrown away.
"""

from __future__ import annotations

from typing import Any


def completion_loss(model: Any, batch: dict[str, Any]) -> Any:
    """Mean negative log-likelihood of the completion tokens, in nats per token.

    Args:
        model: a causal language model of transformers, or a peft model around one.
        batch: input_ids, attention_mask, labels, each (batch, time); labels are -100 off the completions.

    Returns:
        a scalar tensor, reduced in float32.
    """
    import torch.nn.functional as F  # noqa: N812 - torch's own name for it

    causal = model.get_base_model() if hasattr(model, "get_base_model") else model
    hidden = causal.get_decoder()(
        input_ids=batch["input_ids"], attention_mask=batch["attention_mask"], use_cache=False
    ).last_hidden_state  # (batch, time, width)
    labels = batch["labels"][:, 1:]
    learned = labels != -100
    logits = causal.get_output_embeddings()(hidden[:, :-1][learned])  # (completion tokens, vocab)
    return F.cross_entropy(logits.float(), labels[learned])
