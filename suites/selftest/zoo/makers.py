"""Makers of adapters: peft makes and saves them, with every trained number random; some are then broken on purpose."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import peft
import torch
from peft import LoraConfig
from safetensors.torch import load_file, save_file

from harness.engines.adapter_files import CONFIG, WEIGHTS
from suites.selftest.zoo.kind import Make

Tensors = dict[str, Any]
STEM = "base_model.model."


def lora(
    *, save_embedding_layers: object = "auto", dtype: torch.dtype | None = None, seed: int = 5, **settings: Any
) -> Make:
    """A LoRA with these settings; by default of rank 4 on q_proj and v_proj."""
    settings = {"r": 4, "lora_alpha": 8, "target_modules": ["q_proj", "v_proj"], "task_type": "CAUSAL_LM"} | settings

    def make(base: Any, folder: Path) -> None:
        save(base, LoraConfig(**settings), folder, seed, dtype, save_embedding_layers=save_embedding_layers)

    return make


def other(config: str, **settings: Any) -> Make:
    """An adapter of another kind that peft knows, by the name of its configuration's class."""

    def make(base: Any, folder: Path) -> None:
        save(base, getattr(peft, config)(task_type="CAUSAL_LM", **settings), folder, 5, None)

    return make


def save(base: Any, config: Any, folder: Path, seed: int, dtype: torch.dtype | None, **how: Any) -> None:
    torch.manual_seed(seed)
    model = peft.get_peft_model(base, config)
    for _, weight in sorted(model.named_parameters()):
        if weight.requires_grad and weight.is_floating_point():
            weight.data.add_(0.2 * torch.randn_like(weight.float()).to(weight.dtype))
    model.save_pretrained(folder, **how)
    (folder / "README.md").unlink(missing_ok=True)
    if dtype is not None:
        tensors(lambda found: {name: one.to(dtype) for name, one in found.items()})(folder)


def then(make: Make, *edits: Callable[[Path], None]) -> Make:
    """The adapter that `make` makes, with its files edited."""

    def made(base: Any, folder: Path) -> None:
        make(base, folder)
        for edit in edits:
            edit(folder)

    return made


def tensors(edit: Callable[[Tensors], Tensors]) -> Callable[[Path], None]:
    """Rewrite the weights."""

    def rewrite(folder: Path) -> None:
        found = edit(load_file(folder / WEIGHTS))
        save_file({name: one.clone() for name, one in found.items()}, folder / WEIGHTS, metadata={"format": "pt"})

    return rewrite


def renamed(old: str, new: str) -> Callable[[Path], None]:
    """Every tensor's name with `old` replaced, once."""
    return tensors(lambda found: {name.replace(old, new, 1): one for name, one in found.items()})


def added(name: str, *shape: int) -> Callable[[Path], None]:
    """One more tensor."""
    return tensors(lambda found: found | {name: 3 * torch.ones(*shape)})


def without(part: str) -> Callable[[Path], None]:
    """No tensor whose name has `part`."""
    return tensors(lambda found: {name: one for name, one in found.items() if part not in name})


def fields(**changed: object) -> Callable[[Path], None]:
    """Set fields of the configuration."""

    def rewrite(folder: Path) -> None:
        path = folder / CONFIG
        path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | changed), encoding="utf-8")

    return rewrite


def naming_another_base(folder: Path) -> None:
    """The configuration names a base on this disk whose vocabulary is another."""
    place = folder.parent / "another"
    place.mkdir(exist_ok=True)
    (place / "config.json").write_text('{"model_type": "llama", "vocab_size": 999}', encoding="utf-8")
    fields(base_model_name_or_path=str(place))(folder)


def resized(base: Any, folder: Path) -> None:
    """Three tokens more than the base has, with the embeddings that they need."""
    base.resize_token_embeddings(base.config.vocab_size + 3)
    lora(save_embedding_layers=True)(base, folder)


def converted(base: Any, folder: Path) -> None:
    """PiSSA, saved as plain LoRA by peft's own conversion."""
    torch.manual_seed(5)
    config = LoraConfig(
        r=4, lora_alpha=8, target_modules=["q_proj", "v_proj"], init_lora_weights="pissa", task_type="CAUSAL_LM"
    )
    model = peft.get_peft_model(base, config)
    start = folder.parent / "start"
    model.save_pretrained(start)
    for weight in model.parameters():
        if weight.requires_grad:
            weight.data.add_(0.1 * torch.randn_like(weight))
    model.save_pretrained(folder, path_initial_model_for_weight_conversion=str(start))
    (folder / "README.md").unlink(missing_ok=True)


def pointer(folder: Path) -> None:
    """What a clone without Git LFS leaves in the place of the weights."""
    (folder / WEIGHTS).write_text("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 4\n", "utf-8")


def pickled(folder: Path) -> None:
    torch.save(load_file(folder / WEIGHTS), folder / "adapter_model.bin")
    (folder / WEIGHTS).unlink()


def emptied(found: Tensors) -> Tensors:
    return {name: torch.zeros(0) for name in found}


def zeroed(found: Tensors) -> Tensors:
    return {name: one * 0 if "lora_B" in name else one for name, one in found.items()}


def not_a_number(found: Tensors) -> Tensors:
    name = sorted(found)[0]
    return found | {name: found[name] * float("nan")}


def eight_bits(found: Tensors) -> Tensors:
    return {name: one.to(torch.float8_e4m3fn) for name, one in found.items()}
