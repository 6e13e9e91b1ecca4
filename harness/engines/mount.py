"""Mount an adapter on a loaded base, strictly, and take it off again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from harness.adapter_files import WEIGHTS, inspect
from harness.engines.form import Loaded
from harness.errors import AdapterError


@contextmanager
def mounted(base: Loaded, adapter: Path) -> Iterator[Loaded]:
    """The base with the adapter on it, for as long as the context lasts.

    Raises:
        AdapterError: the files are refused, or their keys are not exactly those of this base:
            peft only warns then, and the bare base would answer.
    """
    from peft import PeftConfig, PeftModel

    from harness.engines import low_rank

    inspect(adapter)
    try:
        config = low_rank.for_answers(PeftConfig.from_pretrained(adapter))
        model = PeftModel.from_pretrained(base.model, adapter, is_trainable=False, config=config)
    except (RuntimeError, ValueError) as error:
        raise AdapterError(f"{adapter}: does not fit this base: {str(error)[:500]}") from error
    try:
        _check_keys(model, adapter / WEIGHTS)
        model.eval()
        yield Loaded(base.form, model, base.tokenizer)
    finally:
        model.unload()


def _check_keys(model: Any, weights: Path) -> None:
    from peft import get_peft_model_state_dict
    from safetensors import safe_open

    wanted = {name: tuple(tensor.shape) for name, tensor in get_peft_model_state_dict(model).items()}
    with safe_open(weights, framework="pt") as stored:
        given = {name: tuple(stored.get_slice(name).get_shape()) for name in stored.keys()}  # noqa: SIM118 - not a dict
    missing, unexpected = sorted(wanted.keys() - given.keys()), sorted(given.keys() - wanted.keys())
    if missing or unexpected:
        example = (missing or unexpected)[0]
        raise AdapterError(
            f"{weights.parent}: {len(missing)} keys missing, {len(unexpected)} unexpected, e.g. {example}; "
            "was it trained on another base?"
        )
