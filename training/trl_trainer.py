"""Train one LoRA adapter with TRL's SFTTrainer: QLoRA where the base is served in 4 bits.

TRL keeps what a card needs: the head on labelled positions alone, bfloat16, layers computed again for their gradients,
packing, several processes through accelerate. What decides the result stays this project's: which tokens are learned,
the order of the batches, the seed, the float32 of the adapter's weights. So the losses are those of `training.adapter`
to within rounding, and so is the artifact.
"""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from harness.dataset.item import Item
from harness.engines.form import keep_freed
from harness.engines.progress import Progress, silent
from harness.errors import TrainingError
from harness.spec.trainer import INSTALL
from training import adapter, checkpoints, quantized_base, sharding
from training.samples import Buckets, Sample, tokenize
from training.setting import Setting
from training.steps import SCHEDULERS, Steps, steps_of

_OPTIMIZERS = {"adamw": "adamw_torch_fused", "paged-adamw": "paged_adamw_32bit", "paged-adamw-8bit": "paged_adamw_8bit"}


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
        base: checkpoint of the weights as served; with `setting.four_bit` that of the base.
        items: the training items of the adapter's tasks, checked.
        scratch: where checkpoints are put, as `training.adapter.train` does.

    Raises:
        TrainingError: TRL is missing, a sample does not fit, or the loss stopped being finite (names the step).
    """
    from transformers import AutoTokenizer

    samples = tokenize(AutoTokenizer.from_pretrained(base), items, setting.recipe.max_length)
    train_samples(base, samples, setting, folder, scratch, progress)


def train_samples(
    base: Path,
    samples: Sequence[Sample],
    setting: Setting,
    folder: Path,
    scratch: Path,
    progress: Progress,
) -> None:
    """As `train`, of what was tokenized already. Of several processes the first one writes the adapter.

    Raises:
        TrainingError: as many processes were started as the recipe does not say: batches would be of another size.
    """
    import torch
    from transformers import AutoTokenizer

    if (started := int(os.environ.get("WORLD_SIZE", 1))) != setting.recipe.processes:
        raise TrainingError(
            f"recipe.processes is {setting.recipe.processes}, and {started} were started; start as many"
        )
    torch.set_num_threads(setting.threads)
    keep_freed()
    model = adapter.adapted(load(base, setting), setting.recipe, setting.seed)
    losses = fit(model, AutoTokenizer.from_pretrained(base), samples, setting, scratch, progress)
    weights = sharding.gathered(model) if setting.recipe.sharding else None
    if rank() == 0:
        adapter.write(model, folder, {"losses": losses, "trainer": f"TRL {version('trl')}"}, weights)


def load(base: Path, setting: Setting) -> Any:
    """The frozen base on this process's device: its linear layers in NF4, or all of it as the checkpoint has it."""
    import torch

    device = f"cuda:{os.environ.get('LOCAL_RANK', 0)}" if torch.cuda.is_available() else "cpu"
    if setting.four_bit:
        return quantized_base.load(base, setting.recipe, device)
    model = adapter.load(base, setting.recipe)
    return model if setting.recipe.sharding else model.to(device)  # else each card gets its parts, layer by layer


def fit(
    model: Any,
    tokenizer: Any,
    samples: Sequence[Sample],
    setting: Setting,
    scratch: Path,
    progress: Progress,
) -> list[float]:
    """Run TRL over `samples`; returns the loss of every step, in nats per completion token.

    Raises:
        TrainingError: TRL is not installed.
    """
    try:
        from trl import SFTTrainer
    except ModuleNotFoundError as error:
        if error.name != "trl":
            raise
        raise TrainingError(f'recipe.trainer is "trl", and TRL is not installed: {INSTALL}') from error

    recipe, experiment, seed = setting.recipe, setting.experiment, setting.seed
    before = checkpoints.latest(scratch)
    steps = Steps(experiment.name, 0, list(before.losses) if before else [], progress)

    class CompletionTrainer(SFTTrainer):
        def compute_loss(
            self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
        ) -> Any:
            found = super().compute_loss(model, inputs, return_outputs, num_items_in_batch)
            loss = (found[0] if return_outputs else found).detach()
            steps.add(float(self.accelerator.reduce(loss, "mean")), last=self.accelerator.sync_gradients)
            return found

        def create_accelerator_and_postprocess(self) -> None:
            super().create_accelerator_and_postprocess()
            sharding.begin(self)

        def _get_train_sampler(self, train_dataset: Any = None) -> Any:
            rows = self.train_dataset if train_dataset is None else train_dataset
            return Buckets([len(row) for row in rows["input_ids"]], recipe.batch_size * recipe.accumulation, seed)

        def create_model_card(self, *_: Any, **__: Any) -> None:
            """None beside a checkpoint: nobody reads it, and it would name this machine's folders."""

    arguments = _arguments(setting, scratch)
    with _quietly():
        trainer = CompletionTrainer(
            model=model,
            args=arguments,
            train_dataset=_rows(samples),
            processing_class=tokenizer,
            callbacks=[checkpoints.keeper(scratch, steps.losses), *sharding.watcher(recipe)],
        )
    for weight in model.parameters():
        if weight.requires_grad:  # TRL rounds them to bfloat16 on a 4-bit base, where small steps would be lost
            weight.data = weight.data.float()
    steps.total = steps_of(len(trainer.train_dataset), recipe, experiment)
    trainer.args.warmup_steps = math.ceil(recipe.warmup_share * steps.total)
    trainer.train(resume_from_checkpoint=str(before.path) if before else None)
    return steps.losses


def _arguments(setting: Setting, scratch: Path) -> Any:
    import torch
    from trl import SFTConfig

    recipe, experiment = setting.recipe, setting.experiment

    with _quietly():
        arguments = SFTConfig(
            output_dir=str(scratch),
            num_train_epochs=experiment.epochs,
            learning_rate=experiment.learning_rate,
            per_device_train_batch_size=recipe.batch_size // recipe.processes,
            gradient_accumulation_steps=recipe.accumulation,
            weight_decay=recipe.weight_decay,
            max_grad_norm=recipe.max_grad_norm,
            lr_scheduler_type=SCHEDULERS[recipe.scheduler],
            optim=_OPTIMIZERS[recipe.optimizer],
            completion_only_loss=True,
            max_length=recipe.max_length,
            packing=recipe.packing,
            shuffle_dataset=False,
            gradient_checkpointing=recipe.checkpointing and not recipe.sharding,  # which has its own
            bf16=recipe.base_dtype == "bfloat16",
            seed=setting.seed,
            logging_nan_inf_filter=False,
            logging_strategy="no",
            save_strategy="no",  # the keeper asks for them
            save_total_limit=2,
            report_to=[],
            disable_tqdm=True,
            dataloader_pin_memory=False,
            use_cpu=not torch.cuda.is_available(),
            **sharding.arguments(recipe),
        )
    if arguments.n_gpu > 1:
        arguments._n_gpu = 1  # one process, one card: the others are those of other processes, or of nobody
    return arguments


def _rows(samples: Sequence[Sample]) -> Any:
    """The samples as TRL takes what was tokenized already: of `completion_mask` 1 is learned."""
    from datasets import Dataset

    return Dataset.from_list(
        [
            {
                "input_ids": [*one.prompt, *one.completion],
                "completion_mask": [0] * len(one.prompt) + [1] * len(one.completion),
            }
            for one in samples
        ]
    )


@contextmanager
def _quietly() -> Iterator[None]:
    """Without the bars of `datasets`, which would be drawn over a run's own progress, and without TRL's use of a name
    that transformers has given up."""
    import datasets

    shown = datasets.are_progress_bars_disabled()
    datasets.disable_progress_bars()
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "`gradient_checkpointing` is deprecated", FutureWarning)
            yield
    finally:
        if not shown:
            datasets.enable_progress_bars()


def rank() -> int:
    """This process's number among those that share a training; 0 of one that trains alone."""
    return int(os.environ.get("RANK", 0))
