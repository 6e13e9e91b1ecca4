"""Train one LoRA adapter with the transformers Trainer, on the weights that it will be served on.

The folder that it leaves holds ``adapter_config.json``, ``adapter_model.safetensors`` and
``training.json`` (loss by step), and nothing that differs between two runs of the same recipe.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.dataset import tokens
from harness.dataset.item import Item
from harness.engines import rounded
from harness.engines.adapter_files import CONFIG
from harness.engines.form import keep_freed
from harness.engines.progress import Progress, silent
from harness.errors import TrainingError
from harness.spec.recipe import Recipe
from training import checkpoints, norms
from training.loss import completion_loss
from training.recall import recalled
from training.samples import Buckets, Sample, collate, tokenize
from training.setting import Setting
from training.steps import SCHEDULERS, Steps, steps_of


def train(
    base: Path,
    items: Sequence[Item],
    setting: Setting,
    folder: Path,
    scratch: Path,
    progress: Progress = silent,
) -> None:
    """Train an adapter into `folder`.

    Args:
        base: folder of the weights as served (for ``nf4``: the base, rounded as it is loaded).
        items: the training items of the adapter's tasks, checked.
        scratch: where checkpoints are put. What a killed training left there is gone on from, and ends in the same
            bytes; so it must have been this very training.

    Raises:
        TrainingError: a sample does not fit, or the loss stopped being finite (names the step).
    """
    import torch
    from transformers import AutoTokenizer

    torch.set_num_threads(setting.threads)
    keep_freed()  # a step's logits over a large vocabulary are hundreds of megabytes, which the system clears when new
    tokenizer = AutoTokenizer.from_pretrained(base)
    samples = tokenize(tokenizer, items, setting.recipe.max_length)
    model = lora(load(base, setting.recipe), setting.recipe, setting.seed)
    losses = fit(model, samples, tokens.pad_id(tokenizer), setting, scratch, progress)
    write(model, folder, {"losses": losses})


def write(model: Any, folder: Path, told: Mapping[str, object], weights: Mapping[str, Any] | None = None) -> None:
    """The adapter of a trained peft model as files, and ``training.json`` with what is told of its training.

    Args:
        weights: the model's, by name, where it holds a part of each alone.
    """
    model.save_pretrained(folder, state_dict=weights)
    _make_reproducible(folder)
    (folder / "training.json").write_text(json.dumps(told) + "\n", encoding="utf-8")


def load(base: Path, recipe: Recipe) -> Any:
    """The frozen base, as adapters are trained on it."""
    import torch

    return rounded.load(base, getattr(torch, recipe.base_dtype), attn_implementation=recipe.attention)


def lora(model: Any, recipe: Recipe, seed: int) -> Any:
    """A peft model around `model`: LoRA by the recipe, initialised from the seed, norms fused."""
    norms.fuse(model)
    return adapted(model, recipe, seed)


def adapted(model: Any, recipe: Recipe, seed: int) -> Any:
    """A peft model around `model`, which stays as it is: LoRA by the recipe, initialised from the seed."""
    import torch
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(seed)
    config = LoraConfig(
        r=recipe.rank,
        lora_alpha=recipe.alpha,
        **targets(model, recipe),
        lora_dropout=recipe.dropout,
        bias="none",
        task_type="CAUSAL_LM",
    )
    return get_peft_model(model, config)


def targets(model: Any, recipe: Recipe) -> dict[str, Any]:
    """peft's options for what the adapter changes.

    Raises:
        TrainingError: the model has no such layer.
    """
    if recipe.first_layer == 0:
        return {"target_modules": recipe.targets}
    from torch import nn

    layers = model.config.num_hidden_layers
    if recipe.first_layer >= layers:
        raise TrainingError(
            f"recipe.first_layer is {recipe.first_layer}, and the base has {layers} layers, the first of them 0; "
            "name a lower one"
        )
    if recipe.targets == "all-linear":  # peft takes a list alone together with layers
        linear = {name for name, part in model.get_decoder().layers.named_modules() if isinstance(part, nn.Linear)}
        names = sorted({name.rpartition(".")[2] for name in linear})
    else:
        names = [recipe.targets]
    return {"target_modules": names, "layers_to_transform": list(range(recipe.first_layer, layers))}


def fit(
    model: Any,
    samples: Sequence[Sample],
    pad: int,
    setting: Setting,
    scratch: Path,
    progress: Progress,
) -> list[float]:
    """Run the Trainer over `samples`; returns the loss of every step, in nats per completion token."""
    from transformers import Trainer, TrainingArguments

    recipe, experiment, seed = setting.recipe, setting.experiment, setting.seed
    before = checkpoints.latest(scratch)
    total = steps_of(len(samples), recipe, experiment)
    steps = Steps(experiment.name, total, list(before.losses) if before else [], progress)

    class CompletionTrainer(Trainer):
        loss_is_scaled_for_ga = True

        def compute_loss(
            self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
        ) -> Any:
            loss = completion_loss(model, inputs)
            if recipe.accumulation > 1:  # of a step's learned tokens each counts the same, whatever its batch
                loss = loss * (inputs["labels"][:, 1:] != -100).sum() / num_items_in_batch
            steps.add(float(loss.detach()), last=self.accelerator.sync_gradients)
            return (loss, None) if return_outputs else loss

        def _get_train_sampler(self, train_dataset: Any = None) -> Any:
            return Buckets([len(sample) for sample in samples], recipe.batch_size * recipe.accumulation, seed)

    arguments = TrainingArguments(
        output_dir=str(scratch),
        num_train_epochs=experiment.epochs,
        learning_rate=experiment.learning_rate,
        per_device_train_batch_size=recipe.batch_size,
        gradient_accumulation_steps=recipe.accumulation,
        weight_decay=recipe.weight_decay,
        warmup_steps=math.ceil(recipe.warmup_share * total),
        max_grad_norm=recipe.max_grad_norm,
        lr_scheduler_type=SCHEDULERS[recipe.scheduler],
        seed=seed,
        logging_nan_inf_filter=False,
        logging_strategy="no",
        save_strategy="no",  # the keeper asks for them
        save_total_limit=2,
        report_to=[],
        disable_tqdm=True,
        dataloader_pin_memory=False,
        remove_unused_columns=False,
        use_cpu=not _cuda(),
    )
    trainer = CompletionTrainer(
        model=model,
        args=arguments,
        train_dataset=list(samples),
        data_collator=lambda batch: collate(batch, pad),
        callbacks=[checkpoints.keeper(scratch, steps.losses)],
    )
    with recalled(model.get_base_model().get_decoder(), recipe.first_layer):
        trainer.train(resume_from_checkpoint=str(before.path) if before else None)
    return steps.losses


def _cuda() -> bool:
    import torch

    return torch.cuda.is_available()


def _make_reproducible(folder: Path) -> None:
    """Rewrite the configuration so that equal trainings have equal digests: lists that peft made of sets are sorted,
    and the base's path on this machine is removed."""
    path = folder / CONFIG
    config = json.loads(path.read_text(encoding="utf-8"))
    config["base_model_name_or_path"] = None
    for name, value in config.items():
        if isinstance(value, list):
            config[name] = sorted(value, key=str)
    path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    (folder / "README.md").unlink(missing_ok=True)
