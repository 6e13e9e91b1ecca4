"""The names and shapes of the tensors that an adapter for this base must hold, computed without touching the base.

peft builds the adapter on a skeleton of the base, which has shapes and no weights. So peft itself decides which layers
a configuration means, and a configuration that asks for a terabyte takes no memory. peft is never asked which tensors
it would *save*: to answer that it looks for the base by the name in the adapter's configuration, on the disk and in a
hub.
"""

from __future__ import annotations

import re
import warnings
from copy import deepcopy
from pathlib import Path
from typing import Any

from harness import out_of_memory
from harness.engines.form import Loaded
from harness.engines.key_causes import STEM, Shapes, cause
from harness.errors import AdapterError


def check(folder: Path, base: Loaded, config: Any, given: Shapes) -> frozenset[str]:
    """The names among `given` to mount: exactly those that base and configuration ask for, in their shapes.

    Left out are the base's own embeddings and head, which peft writes beside an adapter that is on them; whoever mounts
    holds them against the base's (`weights_of_base`).

    Raises:
        AdapterError: a tensor is missing, is one too many or has another shape, or the configuration fits no layer.
    """
    wanted = expected(folder, base, config)
    spare = weights_of_base(base, given)
    missing, unexpected = sorted(wanted.keys() - given.keys()), sorted(given.keys() - wanted.keys() - spare.keys())
    if missing or unexpected:
        raise AdapterError(f"{folder}: {cause(missing, unexpected, given, wanted, base)}")
    for name, shape in sorted(wanted.items()):
        if given[name] != shape:
            raise AdapterError(
                f"{folder}: does not fit this base: {name} is {list(given[name])}, and base and configuration make it "
                f"{list(shape)}; it was trained on a base of another size"
            )
    return frozenset(wanted)


def expected(folder: Path, base: Loaded, config: Any) -> Shapes:
    """Name -> shape of every tensor of an adapter with this configuration on this base.

    Raises:
        AdapterError: peft cannot make such an adapter of the base.
    """
    from peft import PeftModelForCausalLM, get_peft_model_state_dict

    bare = skeleton(base.model)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what it warns of is refused below, or is said again on mounting
            model = PeftModelForCausalLM(bare, deepcopy(config), low_cpu_mem_usage=True)
            found = get_peft_model_state_dict(model, save_embedding_layers=False)
    except Exception as error:  # whatever peft says of a configuration from elsewhere is the configuration's fault
        out_of_memory.refuse(error, "looking at an adapter's keys")
        raise AdapterError(f"{folder}: does not fit this base: {_first_line(error)}") from error
    _check_patterns(folder, model, config)
    _refuse_four_bit_copies(folder, base, config)
    return {name: tuple(tensor.shape) for name, tensor in found.items()}


def skeleton(model: Any) -> Any:
    """The model's architecture without weights, as a copy: changes to it do not reach the model."""
    import torch

    with torch.device("meta"):
        bare = type(model)(deepcopy(model.config))
    return bare.eval()


def weights_of_base(base: Loaded, given: Shapes) -> dict[str, Any]:
    """Among the given names those of the base's embeddings and head -> the base's own parameter."""
    ends = {id(one): one for one in (base.model.get_input_embeddings(), base.model.get_output_embeddings()) if one}
    names = [name for name, module in base.model.named_modules() if id(module) in ends]
    places = {
        f"{STEM}{name}{part}": base.model.get_submodule(name).weight
        for name in names
        for part in (".weight", ".base_layer.weight")
    }
    return {name: places[name] for name in given if name in places}


def _check_patterns(folder: Path, model: Any, config: Any) -> None:
    """Refuse a rank or scale for a layer that does not exist: peft would ignore it silently, and another adapter than
    the configured one would be judged."""
    from peft.tuners.tuners_utils import BaseTunerLayer

    layers = [name.removeprefix(STEM) for name, module in model.named_modules() if isinstance(module, BaseTunerLayer)]
    for field in ("rank_pattern", "alpha_pattern"):
        for key in getattr(config, field):
            if not any(_is_met(key, layer) for layer in layers):
                raise AdapterError(
                    f"{folder}: {field} names {key!r:.100}, which is no layer that the adapter is on, e.g. {layers[0]}"
                )


def _is_met(pattern: str, layer: str) -> bool:
    return re.match(rf"(.*\.)?({pattern})$", layer) is not None


def _refuse_four_bit_copies(folder: Path, base: Loaded, config: Any) -> None:
    from harness.engines.nf4 import four_bit_modules

    packed = {id(module) for module in four_bit_modules(base.model)}
    for name, module in base.model.named_modules():
        saved = any(name == one or name.endswith(f".{one}") for one in config.modules_to_save or ())
        if saved and any(id(part) in packed for part in module.modules()):
            raise AdapterError(
                f"{folder}: modules_to_save holds {name}, which is 4-bit in the form {base.form}: a whole trained "
                "layer cannot be put in its place; train it with LoRA, or release in float32"
            )


def _first_line(error: Exception) -> str:
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0][:400]
