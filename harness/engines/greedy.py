"""Greedy decoding of a batch that shrinks: a row that has ended is removed and costs nothing from then on.

transformers' own ``generate`` keeps every row until the last one has ended; where answers are short and of unequal
length, a third to a half of the tokens that it computes are padding. Settings of a checkpoint's ``generation_config``
beyond plain greedy decoding (a repetition penalty, suppressed words) are ignored, as llama.cpp ignores them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any


def decode(
    model: Any,
    prompts: Sequence[Sequence[int]],
    ends: Collection[int],
    pad: int,
    most: int,
    stopped: Callable[[list[int]], bool] = lambda ids: False,
) -> list[list[int]]:
    """Generated ids of each prompt: up to `most`, the token that ended it included where the model wrote one.

    Args:
        model: a causal language model of transformers, or a peft model around one.
        prompts: token ids; padded on the left to the longest of them.
        ends: tokens that end an answer (`harness.engines.generate.ends`).
        stopped: whether an answer has come to a text that ends it.
    """
    import torch

    from harness.engines.growing_cache import growing_cache

    width = max(map(len, prompts))
    ids = torch.tensor([[pad] * (width - len(p)) + list(p) for p in prompts], device=model.device)  # (rows, width)
    mask = torch.tensor([[0] * (width - len(p)) + [1] * len(p) for p in prompts], device=model.device)
    positions = (mask.cumsum(-1) - 1).clamp(min=0)
    written: list[list[int]] = [[] for _ in prompts]
    rows, cache = list(range(len(prompts))), growing_cache(model.config)
    with torch.inference_mode():
        while True:
            out = model(
                input_ids=ids,
                attention_mask=mask,
                position_ids=positions,
                past_key_values=cache,
                use_cache=True,
                logits_to_keep=1,
            )
            chosen = out.logits[:, -1].argmax(-1)  # (rows,)
            for row, token in zip(rows, chosen.tolist(), strict=True):
                written[row].append(token)
            going_on = [
                k
                for k, row in enumerate(rows)
                if written[row][-1] not in ends and len(written[row]) < most and not stopped(written[row])
            ]
            if not going_on:
                return written
            if len(going_on) < len(rows):
                rows, left = [rows[k] for k in going_on], torch.tensor(going_on, device=model.device)
                cache.batch_select_indices(left)
                mask, chosen = mask[left], chosen[left]
            ids = chosen[:, None]
            mask = torch.cat([mask, torch.ones_like(ids)], dim=1)
            positions = mask.sum(-1, keepdim=True) - 1
