"""QLoRA by TRL alone, as its users write it: the peer that this project's trainer is measured beside.

SFTTrainer with a LoRA configuration on a 4-bit base, and with what makes it fast where a card has room: bfloat16, its
fused head on the answers, torch's fused AdamW, no layer computed twice. It rounds the adapter's weights to bfloat16
there, which this project does not.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from suites.gpu.scale import UNTIMED
from suites.gpu.settings import Settings
from suites.gpu.steps import device
from training.samples import Sample
from training.setting import Setting


def train(
    model: Any, tokenizer: Any, samples: Sequence[Sample], setting: Setting, scratch: Path, settings: Settings
) -> tuple[float, list[float]]:
    """Train an adapter on the 4-bit base; returns its mean loss as TRL logs it, and the clock at the end of the second
    step and of the last one."""
    from datasets import Dataset
    from peft import LoraConfig
    from transformers import TrainerCallback
    from trl import SFTConfig, SFTTrainer

    recipe = setting.recipe
    moments: list[float] = []

    class Clock(TrainerCallback):
        """Reads the clock twice: more often would hold up a card that works ahead."""

        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            if state.global_step in (UNTIMED, state.max_steps):
                device.finish(settings)
                moments.append(time.perf_counter())

    config = SFTConfig(
        output_dir=str(scratch),
        num_train_epochs=setting.experiment.epochs,
        learning_rate=setting.experiment.learning_rate,
        per_device_train_batch_size=recipe.batch_size,
        optim="adamw_torch_fused",
        completion_only_loss=True,
        max_length=recipe.max_length,
        gradient_checkpointing=False,
        bf16=True,
        seed=setting.seed,
        logging_strategy="epoch",
        save_strategy="no",
        report_to=[],
        disable_tqdm=True,
        use_cpu=settings.device == "cpu",
    )
    rows = [
        {"input_ids": [*one.prompt, *one.completion], "completion_mask": _mask(len(one.prompt), len(one.completion))}
        for one in samples
    ]
    trainer = SFTTrainer(
        model=model,
        args=config,
        train_dataset=Dataset.from_list(rows),
        processing_class=tokenizer,
        peft_config=LoraConfig(
            r=recipe.rank, lora_alpha=recipe.alpha, target_modules=recipe.targets, task_type="CAUSAL_LM"
        ),
        callbacks=[Clock()],
    )
    trainer.train()
    return next(row["loss"] for row in trainer.state.log_history if "loss" in row), moments


def _mask(prompt: int, completion: int) -> list[int]:
    return [0] * prompt + [1] * completion
