"""Write the weights of a GGUF file as a checkpoint, on which an adapter that is served on that file is trained."""

from __future__ import annotations

from pathlib import Path


def write(file: Path, base: Path, folder: Path) -> None:
    """Write the file's weights, de-quantized to float32, with the tokenizer of its base.

    Args:
        base: the checkpoint that the file was made of: its tokenizer makes every other form's prompts, too.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from harness.engines.checkpoint import forget_quantizer

    model = AutoModelForCausalLM.from_pretrained(file.parent, gguf_file=file.name, dtype=torch.float32)
    forget_quantizer(model)
    model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(base).save_pretrained(folder)
