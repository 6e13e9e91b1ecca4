"""The output head of a folder of weights, read alone: logits of stored hidden states need no other layer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness.engines import rounded
from harness.engines.form import device
from harness.spec.serve import Precision


def load(folder: Path, precision: Precision) -> Any:
    """The head as a linear layer of its own, equal to the whole model's; None where it cannot be told from the files.

    It can where the head is a plain linear layer whose tensor, or that of the embeddings that it is tied to, is in the
    checkpoint under the architecture's own name. No rounding of `harness.engines.rounded` touches it. What a model does
    to its logits behind the head is not here: such models are refused when the states are stored
    (`harness.engines.hidden_states`).
    """
    import torch
    from torch import nn
    from transformers import AutoConfig, AutoModelForCausalLM

    with torch.device("meta"):
        skeleton = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(folder))
    head = skeleton.get_output_embeddings()
    if type(head) is not nn.Linear or getattr(skeleton, "_keep_in_fp32_modules_strict", None):
        return None
    name = next(name for name, module in skeleton.named_modules() if module is head)
    tied = dict(skeleton.all_tied_weights_keys).get(f"{name}.weight")
    own, shared = (_tensor(folder, one) for one in (f"{name}.weight", tied))
    if own is not None and shared is not None and not torch.equal(own, shared):
        return None  # transformers unties them, and warns
    values, bias = (own if own is not None else shared), _tensor(folder, f"{name}.bias")
    if values is None or (head.bias is not None) != (bias is not None):
        return None
    dtype = getattr(torch, precision.compute)
    found = nn.Linear(head.in_features, head.out_features, bias=bias is not None, device="meta")
    found.weight = nn.Parameter(values.to(device(), dtype), requires_grad=False)
    if bias is not None:
        found.bias = nn.Parameter(bias.to(device(), dtype), requires_grad=False)
    return found.eval()


def _tensor(folder: Path, name: str | None) -> Any:
    """A tensor by its name in the checkpoint; None where there is none."""
    from safetensors import safe_open

    for path in sorted(rounded.stored(folder).glob("*.safetensors")):
        with safe_open(path, framework="pt") as tensors:
            if name in tensors.keys():  # noqa: SIM118 - not a dict
                return tensors.get_tensor(name)
    return None
