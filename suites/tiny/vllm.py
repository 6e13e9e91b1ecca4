"""Random bases as vLLM's CPU kernels take them, with heads of 32 columns, and LoRAs that turn their answers round."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness.store import digests
from suites.tiny import line

KINDS = ("llama", "qwen3")


SPEC = """\
[release]
name = "tiny-vllm"
candidate = "sea"
deploy = "vllm"
seed = 7
threads = 1

[base]
source = "path:base"
pin = "sha256:{pin}"

{task}
[adapters.sea]
tasks = ["sea"]

[recipe]
rank = 16
alpha = 32
batch_size = 4
max_length = 128

[[experiments]]
name = "short"
epochs = 60
learning_rate = 1e-2

[generation]
batch_size = 16
noise_sample = 0

[[gates.eval]]
adapter = "sea"
task = "sea"
above = {{ coverage = 0.5, format = 0.5, refused = 0.5, answered = 0.5 }}
expected = {{ coverage = 0.95, format = 0.95, refused = 0.95, answered = 0.95 }}

[gates.gguf]
sample = 24
"""
"""The tiny line with one task and one adapter, deployed by vLLM and held against the adapter as trained."""


def write_release(folder: Path) -> Path:
    """Write base, data and spec below `folder`; returns the spec's path."""
    path = line.write_release(folder)
    write_base(folder / "base", "llama", spread=0.02)
    pin = digests.of_value(digests.of_folder(folder / "base"))
    task = line.TASK.format(name="sea", refuse=[*line.REFUSE], look_alike=[*line.LOOK_ALIKE])
    path.write_text(SPEC.format(pin=pin, task=task), encoding="utf-8")
    return path


def write_base(folder: Path, kind: str, spread: float = 0.2) -> None:
    """A random model of two layers with the tiny line's tokenizer and chat template.

    Args:
        spread: of its weights; as wide as by default, no two tokens are nearly as likely.
    """
    import torch
    from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM, Qwen3Config, Qwen3ForCausalLM

    line.write_base(folder)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    shape: dict[str, Any] = {
        "vocab_size": len(tokenizer),
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 2,
        "head_dim": 32,
        "max_position_embeddings": 256,
        "tie_word_embeddings": False,
        "bos_token_id": None,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
        "initializer_range": spread,
    }
    torch.manual_seed(11)
    model = LlamaForCausalLM(LlamaConfig(**shape)) if kind == "llama" else Qwen3ForCausalLM(Qwen3Config(**shape))
    model.save_pretrained(folder)


def write_lora(base: Path, folder: Path, **settings: Any) -> None:
    """A random LoRA over every linear layer, strong enough to change most answers.

    Args:
        settings: of peft's ``LoraConfig``, beside rank and modules.
    """
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    torch.manual_seed(12)
    named = {"r": 12, "lora_alpha": 24, "target_modules": "all-linear", "task_type": "CAUSAL_LM", **settings}
    model = get_peft_model(AutoModelForCausalLM.from_pretrained(base), LoraConfig(**named))
    for name, weight in model.named_parameters():
        if ".lora_" in name:
            torch.nn.init.normal_(weight, std=0.15)
    model.save_pretrained(folder)
