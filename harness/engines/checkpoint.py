"""Write a base model as a plain safetensors checkpoint with its tokenizer."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from harness.store import digests

KEPT = (".safetensors", ".json", ".jinja", ".txt", ".model")
"""Endings of the files that are copied from a checkpoint's folder: nothing that would be unpickled or run."""


def write(source: Path, folder: Path) -> None:
    """Write `source` (a GGUF file or a checkpoint folder) as bfloat16 safetensors with its tokenizer."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    if source.is_dir():
        for name in sorted(digests.of_folder(source)):
            if name.endswith(KEPT):
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source / name, folder / name)
        return
    place: dict[str, Any] = {"pretrained_model_name_or_path": str(source.parent), "gguf_file": source.name}
    tokenizer = AutoTokenizer.from_pretrained(**place)
    model = AutoModelForCausalLM.from_pretrained(**place, dtype=torch.float32)
    forget_quantizer(model)
    model.to(torch.bfloat16)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def forget_quantizer(model: Any) -> None:
    """Make a de-quantized model serializable: transformers refuses while traces of the quantizer are left."""
    model.hf_quantizer = None
    model.is_quantized = False
    for owner, name in ((model.config, "quantization_config"), (model, "quantization_method")):
        if name in vars(owner):
            delattr(owner, name)
