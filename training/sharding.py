"""A base that is shared out over the processes of a training, for one that no card holds: FSDP's second version.

accelerate wraps each layer, so a card holds its share of all layers, and the whole of the one that it computes. The
losses and the adapter are those of a training that one process does alone.
"""

from __future__ import annotations

from typing import Any

from harness.errors import TrainingError
from harness.spec.recipe import Recipe

MOST = 1.1
"""Of a process's even share of the base's weights, what it may hold: what does not divide evenly is not shared so."""


def arguments(recipe: Recipe) -> dict[str, Any]:
    """What transformers' training arguments take for it; {} where the recipe shards nothing."""
    if recipe.sharding is None:
        return {}
    config = {
        "version": 2,
        "reshard_after_forward": True,
        "state_dict_type": "SHARDED_STATE_DICT",
        "activation_checkpointing": recipe.checkpointing,
    }
    return {"fsdp": True, "fsdp_config": config}


def begin(trainer: Any) -> None:
    """Shard on a CPU, too, where accelerate would leave FSDP out: it lists the kinds of cards that it knows."""
    from accelerate import DistributedType
    from accelerate.utils import FullyShardedDataParallelPlugin

    state = trainer.accelerator.state
    if trainer.args.fsdp_plugin_args is None or state.distributed_type == DistributedType.FSDP:
        return
    state.fsdp_plugin = FullyShardedDataParallelPlugin(**trainer.args.fsdp_plugin_args)
    state.distributed_type = DistributedType.FSDP
    trainer.is_fsdp_enabled = True


def watcher(recipe: Recipe) -> list[Any]:
    """Trainer callbacks that refuse a training whose base is not shared out: a card would hold more than was asked, and
    a larger base would not fit, for no reason that anybody saw.

    Of modules that it cannot share out accelerate only warns.
    """
    from torch.distributed.tensor import DTensor
    from transformers import TrainerCallback

    class Watcher(TrainerCallback):  # type: ignore[misc]  # transformers has no types here
        def on_train_begin(self, args: Any, state: Any, control: Any, model: Any = None, **_: Any) -> None:
            frozen = [one for one in model.parameters() if not one.requires_grad]
            held = sum(one.to_local().numel() if isinstance(one, DTensor) else one.numel() for one in frozen)
            whole = sum(one.numel() for one in frozen)
            if held * recipe.processes > MOST * whole:
                raise TrainingError(
                    f"recipe.sharding: of the base's {whole:,} weights each of {recipe.processes} processes holds "
                    f"{held:,}: not all of its modules can be shared out; leave recipe.sharding out"
                )

    return [] if recipe.sharding is None else [Watcher()]


def gathered(model: Any) -> dict[str, Any]:
    """The adapter's weights of a sharded model, whole, on the first process; {} on the others, which must ask as
    well."""
    from torch.distributed.checkpoint.state_dict import StateDictOptions, get_model_state_dict

    options = StateDictOptions(full_state_dict=True, cpu_offload=True, ignore_frozen_params=True)
    return get_model_state_dict(model, options=options)
