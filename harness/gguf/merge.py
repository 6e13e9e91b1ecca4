"""Merge an adapter into the weights that it was trained on, in float32, and measure that nothing moved.

Which weights? An adapter learns to correct the base that it sees. One that is served on NF4 was trained on the base
rounded to NF4 (`harness.engines.rounded`), and that is what it is merged into: the sum is the model that training
ended with. Measured on eight `dev` items of the default spec, KL from that model in nats per token:

    merged into             f16      Q4_0     Q4_1
    the weights served      0.000    0.034    0.018
    the original base       0.019    0.054    1.073

The last one is a base that came from a Q4_1 file: its weights lie on that grid, and the adapter's change rounds away.

A base that ties its output matrix to its embeddings holds one tensor for two uses. An adapter that changes either use
unties them first: merged into the shared tensor it would change the other as well, unseen.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.dataset.item import Item
from harness.engines import adapter_files, resident, rounded
from harness.engines.adapter_files import WEIGHTS
from harness.engines.divergence import Passage, completion_logprobs, mean_kl, passages
from harness.engines.form import Loaded
from harness.engines.mount import mounted

ENDS = ("embed_tokens", "lm_head", "wte", "embed_in", "embed_out")
"""Parts of the names of parameters that embed tokens or make logits."""


def write(weights: Path, adapter: Path, folder: Path) -> None:
    """Write weights and adapter as one float32 checkpoint with the tokenizer of the weights.

    Args:
        weights: the folder that the adapter was trained on.

    Raises:
        AdapterError: the adapter's files are refused, or its keys are not exactly those of this base.
    """
    import torch
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(weights)
    model = rounded.load(weights, torch.float32)
    tied_by_adapter = bool(adapter_files.settings(adapter).get("ensure_weight_tying"))
    if touches_an_end(adapter) and not tied_by_adapter:
        untie(model)
    with mounted(Loaded("merging", model, tokenizer), adapter) as both:
        if tied_by_adapter:
            _untie_layers(both.model)
        merged = both.model.merge_and_unload(safe_merge=True)  # refuses NaN
        merged.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def touches_an_end(adapter: Path) -> bool:
    """Whether the adapter changes the embeddings or the output matrix."""
    return any(end in name for name in tensor_names(adapter / WEIGHTS) for end in ENDS)


def untie(model: Any) -> None:
    """Give the output matrix of a model with tied embeddings a tensor of its own."""
    from torch import nn

    head, embeddings = model.get_output_embeddings(), model.get_input_embeddings()
    if head is not None and head.weight.data_ptr() == embeddings.weight.data_ptr():
        head.weight = nn.Parameter(embeddings.weight.detach().clone())
    model.config.tie_word_embeddings = False


def _untie_layers(model: Any) -> None:
    """Untie the output matrix where a LoRA is on both tied ends: merged into one tensor, each would change the
    other."""
    head = getattr(model.get_output_embeddings(), "base_layer", None)
    embeddings = getattr(model.get_input_embeddings(), "base_layer", None)
    if head is not None and embeddings is not None:
        from torch import nn

        head.weight = nn.Parameter(embeddings.weight.detach().clone())
        model.config.tie_word_embeddings = False


def tensor_names(path: Path) -> list[str]:
    from safetensors import safe_open

    with safe_open(path, framework="pt") as tensors:
        return list(tensors.keys())


@dataclass(frozen=True, slots=True)
class MergeProof:
    """The result of comparing a merged checkpoint, read back from the disk, with its weights and the adapter mounted on
    them.

    Both in float32, teacher-forced over the probes' prompts and reference answers.
    """

    largest: float
    """Largest difference between two log-probabilities, in nats; infinite where one is not finite."""
    kl: float
    """Mean KL divergence in nats per token."""
    positions: int
    """Tokens of the reference answers."""
    foreign: tuple[str, ...]
    """Tensors of the merged checkpoint that its architecture does not have, such as LoRA's own."""
    missing: tuple[str, ...]
    """Tensors of the architecture that the checkpoint does not have."""
    tied: bool
    """Whether the output matrix and the embeddings are one tensor, as read back."""

    def holds(self, tolerance: float) -> bool:
        return self.largest <= tolerance and not self.foreign and not self.missing

    def explain(self, tolerance: float) -> str:
        """The result in a sentence."""
        names = [f"{name}: not of this architecture" for name in self.foreign]
        names += [f"{name}: missing" for name in self.missing]
        return (
            f"largest difference of a log-probability {self.largest:.2e} nats (at most {tolerance:g}), KL "
            f"{self.kl:.2e} nats per token over {self.positions} tokens; output matrix "
            f"{'is' if self.tied else 'is not'} the embeddings"
            + (f"; tensors: {', '.join(names[:3])}" if names else "")
        )


def measure(base: Callable[[], Loaded], adapter: Path, merged: Path, probes: Sequence[Item]) -> MergeProof:
    """Read the merged checkpoint back and compare it.

    One model is asked after the other, and of each its log-probabilities alone are kept.

    Args:
        base: loads the weights that the adapter was merged into, in float32.
    """
    import torch
    from transformers import AutoModelForCausalLM

    tokenizer, texts, wanted = _wanted(base(), adapter, probes)
    resident.make_room()
    loaded = AutoModelForCausalLM.from_pretrained(merged, dtype=torch.float32)
    loaded.eval()
    found = completion_logprobs(Loaded("merged", loaded, tokenizer), texts)
    largest = max(float((one - other).abs().max()) for one, other in zip(wanted, found, strict=True))
    foreign, missing = _strange_names(loaded, merged)
    return MergeProof(
        largest=largest if math.isfinite(largest) else math.inf,
        kl=mean_kl(wanted, found),
        positions=sum(int(one.shape[0]) for one in wanted),
        foreign=foreign,
        missing=missing,
        tied=bool(loaded.config.tie_word_embeddings),
    )


def _wanted(base: Loaded, adapter: Path, probes: Sequence[Item]) -> tuple[Any, list[Passage], list[Any]]:
    """(tokenizer, passages, log-probabilities of the adapter mounted on the weights)."""
    texts = passages(base.tokenizer, probes)
    with mounted(base, adapter) as model:
        return base.tokenizer, texts, completion_logprobs(model, texts)


def _strange_names(model: Any, checkpoint: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(names in the files that the model does not have, names of the model that are not in the files); one of a tied
    pair may be absent."""
    stored = {name for path in sorted(checkpoint.glob("*.safetensors")) for name in tensor_names(path)}
    known = dict(model.named_parameters(remove_duplicate=False))
    pointers = {known[name].data_ptr() for name in stored & known.keys()}
    missing = tuple(sorted(name for name in known.keys() - stored if known[name].data_ptr() not in pointers))
    return tuple(sorted(stored - known.keys())), missing


def is_tied(checkpoint: Path) -> bool:
    config = json.loads((checkpoint / "config.json").read_text(encoding="utf-8"))
    return bool(config.get("tie_word_embeddings", False))
