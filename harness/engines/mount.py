"""Mount an adapter on a loaded base with every tensor checked, and remove it again without a trace."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from harness import out_of_memory
from harness.engines import adapter_files, adapter_keys, pristine
from harness.engines.adapter_files import WEIGHTS
from harness.engines.form import Loaded
from harness.errors import AdapterError, GreenrunError

MOUNTING = "mounting an adapter"


@contextmanager
def mounted(base: Loaded, adapter: Path) -> Iterator[Loaded]:
    """The base with the adapter on it, for as long as the context lasts; then the base as it was before.

    Raises:
        AdapterError: the files are refused, or their keys, shapes or types are not exactly those of this base and
            configuration: peft only warns then, and the bare base would answer. The base has not been touched.
        NoMemoryError: memory ran out, which says nothing of the adapter.
        GreenrunError: an earlier adapter could not be taken off this base; load it anew (`pristine.is_clean`).
    """
    if not pristine.is_clean(base.model):
        raise GreenrunError("this base still carries what was mounted on it before; load it anew")
    with ExitStack() as restored:
        with out_of_memory.said(MOUNTING):
            try:
                config = lora_config(adapter)
                state = _state(base, adapter, config)
            except AdapterError as error:
                raise AdapterError(adapter_files.as_called(adapter, str(error))) from error
            restored.enter_context(pristine.given_back(base.model))
            both = _with_adapter(base.model, adapter, config, state)
        yield Loaded(base.form, both, base.tokenizer)


def lora_config(adapter: Path) -> Any:
    """The peft configuration of checked files: only the fields of plain LoRA.

    How the weights were initialised does not matter once they are trained, and for some ways peft would look at data
    again.

    Raises:
        AdapterError: the files are refused.
    """
    from peft import LoraConfig

    from harness.engines import nf4_low_rank

    fields = adapter_files.settings(adapter)
    try:
        return nf4_low_rank.for_answers(LoraConfig(**fields, inference_mode=True))
    except Exception as error:  # peft's own checks raise what they like
        out_of_memory.refuse(error, MOUNTING)
        raise AdapterError(f"{adapter / adapter_files.CONFIG}: {error}") from error


def _state(base: Loaded, adapter: Path, config: Any) -> dict[str, Any]:
    """Name -> tensor of the adapter, after the check that base and configuration ask for exactly these."""
    from safetensors import safe_open

    with safe_open(adapter / WEIGHTS, framework="pt") as stored:
        given = {name: tuple(stored.get_slice(name).get_shape()) for name in stored.keys()}  # noqa: SIM118 - not a dict
        names = adapter_keys.check(adapter, base, config, given)
        for name, own in adapter_keys.weights_of_base(base, given).items():
            if name not in names:
                _hold_against(adapter, name, stored.get_tensor(name), own)
        return _tensors(stored, names, base.model.device)


def _tensors(stored: Any, names: Collection[str], device: Any) -> dict[str, Any]:
    return {name: stored.get_tensor(name).to(device) for name in sorted(names)}


def _hold_against(adapter: Path, name: str, given: Any, own: Any) -> None:
    """Compare a copy of the base's own weights in an adapter's file with the base: an equal one is ignored, another one
    means another base and is refused."""
    import torch

    if tuple(given.shape) != tuple(own.shape):
        raise AdapterError(
            f"{adapter}: {name} has {given.shape[0]} rows, the base {own.shape[0]}: the adapter comes with a resized "
            "vocabulary, which is not supported, since base and tokenizer are those that the spec pins; "
            "resize the base, save it with its tokenizer, and name that one in the spec"
        )
    if not torch.equal(given.cpu(), own.detach().to(given.dtype).cpu()):
        raise AdapterError(
            f"{adapter}: {name} differs from the base's own: whole weights are taken of the modules alone that "
            "modules_to_save names; declare it there, or save with save_embedding_layers=False if it was not trained"
        )


def _with_adapter(model: Any, adapter: Path, config: Any, state: dict[str, Any]) -> Any:
    from peft import PeftModelForCausalLM, set_peft_model_state_dict

    try:
        both = PeftModelForCausalLM(model, config, autocast_adapter_dtype=True)
        left = set_peft_model_state_dict(both, state)
    except (RuntimeError, ValueError, TypeError, KeyError, AttributeError) as error:
        out_of_memory.refuse(error, MOUNTING)
        raise AdapterError(f"{adapter}: does not fit this base: {str(error)[:500]}") from error
    if left.unexpected_keys:
        raise AdapterError(f"{adapter}: peft has no place for {left.unexpected_keys[0]}")
    return both.eval()
