"""Training speed against TRL's SFTTrainer: same data, same LoRA, same batch, interleaved rounds, start-up apart.

Times are printed and never asserted; what is asserted is that both learned the same.
"""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from harness.dataset.item import Item
from harness.engines import rounded
from harness.engines.progress import silent
from harness.spec.objects import Spec
from harness.spec.recipe import Experiment
from training.adapter import fit, load, lora, targets
from training.loss import completion_loss
from training.samples import collate, tokenize
from training.setting import Setting

ROUNDS = 3
EPOCHS = 1


@dataclass(frozen=True, slots=True)
class Round:
    tool: str
    tokens_per_second: float
    held_out_loss: float


@pytest.mark.slow
def test_training_is_compared_with_trl_on_equal_terms(
    default_spec: Spec, served: Path, train_items: list[Item], held_out: list[Item], capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("trl", reason="TRL is not installed: python -m pip install -c constraints.txt trl")
    import torch

    torch.set_num_threads(default_spec.threads)
    tools: dict[str, Callable[[Spec], Round]] = {
        "greenrun": lambda spec: _greenrun(spec, served, train_items, held_out),
        "TRL float32": lambda spec: _trl(spec, served, train_items, held_out, "float32"),
        "TRL bfloat16": lambda spec: _trl(spec, served, train_items, held_out, "bfloat16"),
    }
    # A seed a round: the order of the batches is each tool's own, and after one epoch it alone moves the loss.
    seeds = [replace(default_spec, seed=default_spec.seed + number) for number in range(ROUNDS)]
    rounds = [tool(spec) for spec in seeds for tool in tools.values()]
    speed = {name: median(r.tokens_per_second for r in rounds if r.tool == name) for name in tools}
    losses = {name: median(r.held_out_loss for r in rounds if r.tool == name) for name in tools}
    best = max(speed[name] for name in tools if name != "greenrun")
    with capsys.disabled():
        print(f"\n{'tool':<14} {'tok/s':>7} {'of TRL best':>12} {'held-out loss':>14}")
        for name in tools:
            each = ", ".join(f"{one.held_out_loss:.3f}" for one in rounds if one.tool == name)
            print(f"{name:<14} {speed[name]:>7.0f} {speed[name] / best:>12.2f} {losses[name]:>14.4f} ({each})")
    spread = [one.held_out_loss for one in rounds if one.tool.startswith("TRL")]
    assert min(spread) * 0.9 < losses["greenrun"] < max(spread) * 1.1, "not the same training"


def _experiment(spec: Spec) -> Experiment:
    return replace(spec.experiments[1], epochs=EPOCHS)


def _greenrun(spec: Spec, base: Path, items: list[Item], held_out: list[Item]) -> Round:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(base)
    samples = tokenize(tokenizer, items, spec.recipe.max_length)
    model = lora(load(base, spec.recipe), spec.recipe, spec.seed)
    with tempfile.TemporaryDirectory(prefix="greenrun-perf-") as scratch:
        started = time.perf_counter()
        fit(
            model,
            samples,
            tokenizer.pad_token_id,
            Setting(spec.recipe, _experiment(spec), spec.seed, spec.threads),
            Path(scratch),
            silent,
        )
        seconds = time.perf_counter() - started
    return Round("greenrun", EPOCHS * sum(map(len, samples)) / seconds, _loss(model, tokenizer, held_out, spec))


def _trl(spec: Spec, base: Path, items: list[Item], held_out: list[Item], dtype: str) -> Round:
    """SFTTrainer with its own collator and loss, prompt masked, no gradient checkpointing."""
    import torch
    from datasets import Dataset
    from peft import LoraConfig
    from transformers import AutoTokenizer
    from trl import SFTConfig, SFTTrainer

    tokenizer = AutoTokenizer.from_pretrained(base)
    samples = tokenize(tokenizer, items, spec.recipe.max_length)
    rows = [
        {
            "input_ids": [*one.prompt, *one.completion],
            "completion_mask": [0] * len(one.prompt) + [1] * len(one.completion),
        }
        for one in samples
    ]
    experiment = _experiment(spec)
    config = SFTConfig(
        output_dir=str(base / "trl"),
        num_train_epochs=EPOCHS,
        learning_rate=experiment.learning_rate,
        per_device_train_batch_size=spec.recipe.batch_size,
        lr_scheduler_type="linear",
        warmup_steps=math.ceil(spec.recipe.warmup_share * EPOCHS * math.ceil(len(rows) / spec.recipe.batch_size)),
        weight_decay=spec.recipe.weight_decay,
        max_grad_norm=spec.recipe.max_grad_norm,
        completion_only_loss=True,
        gradient_checkpointing=False,
        bf16=dtype == "bfloat16",
        max_length=spec.recipe.max_length,
        logging_strategy="no",
        save_strategy="no",
        report_to=[],
        disable_tqdm=True,
        use_cpu=True,
        seed=spec.seed,
    )
    model = rounded.load(base, getattr(torch, dtype))
    trainer = SFTTrainer(
        model=model,
        args=config,
        train_dataset=Dataset.from_list(rows),
        processing_class=tokenizer,
        peft_config=LoraConfig(
            r=spec.recipe.rank, lora_alpha=spec.recipe.alpha, task_type="CAUSAL_LM", **targets(model, spec.recipe)
        ),
    )
    started = time.perf_counter()
    trainer.train()
    seconds = time.perf_counter() - started
    tokens = EPOCHS * sum(map(len, samples))
    return Round(f"TRL {dtype}", tokens / seconds, _loss(trainer.model, tokenizer, held_out, spec))


def _loss(model: Any, tokenizer: Any, held_out: list[Item], spec: Spec) -> float:
    """Mean loss on held-out items, one a batch, in nats per completion token."""
    import torch

    samples = tokenize(tokenizer, held_out, spec.recipe.max_length)
    model.eval()
    with torch.inference_mode():
        losses = [float(completion_loss(model, collate([one], tokenizer.pad_token_id))) for one in samples]
    return sum(losses) / len(losses)
