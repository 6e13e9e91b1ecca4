"""A tiny LoRA that moves every logit, and a tool to change a GGUF file that was made of one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

TARGETS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
Edit = Callable[[dict[str, Any]], Mapping[str, Any]]


def write_adapter(base: Path, folder: Path, seed: int = 5, **options: Any) -> Path:
    """Write a random LoRA of rank 4 and alpha 8 for a base.

    Args:
        options: of peft's LoraConfig, in place of these.
    """
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    torch.manual_seed(seed)
    settings = {"r": 4, "lora_alpha": 8, "target_modules": list(TARGETS), "task_type": "CAUSAL_LM", **options}
    model = get_peft_model(AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32), LoraConfig(**settings))
    for name, weight in model.named_parameters():
        if "lora_" in name:
            torch.nn.init.normal_(weight, std=0.2)
    model.save_pretrained(folder)
    (folder / "README.md").unlink(missing_ok=True)
    return folder


def rewritten(source: Path, target: Path, tensors: Edit = dict, fields: Mapping[str, Any] | None = None) -> Path:
    """Write a GGUF LoRA again with changes, as a forger would.

    Args:
        tensors: name -> array of the file's, changed.
        fields: header fields to change; None leaves one out.
    """
    import gguf

    reader = gguf.GGUFReader(source)
    wanted = {"adapter.type": "lora", "general.type": "adapter", **(fields or {})}
    known = ("adapter.lora.alpha", "general.name", "general.description")
    kept = {name: reader.get_field(name) for name in known}
    wanted = {**{name: field.contents() for name, field in kept.items() if field is not None}, **wanted}
    architecture = wanted.pop("general.architecture", reader.get_field("general.architecture").contents())
    writer = gguf.GGUFWriter(target, architecture)
    for name, value in wanted.items():
        if isinstance(value, float):
            writer.add_float32(name, value)
        elif value is not None:
            writer.add_string(name, value)
    held = {tensor.name: tensor.data.reshape([int(n) for n in reversed(tensor.shape)]) for tensor in reader.tensors}
    for name, values in tensors(held).items():
        writer.add_tensor(name, values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return target
