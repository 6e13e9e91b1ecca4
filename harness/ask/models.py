"""Ask one item of the base, of the adapter as it was trained, and of the form that ships."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from pathlib import Path

from harness.dataset.item import Item
from harness.engines.answers import Answer
from harness.engines.generate import Decoding
from harness.forms import float32, registry
from harness.forms.form import Direct
from harness.spec.objects import Spec


def ask(spec: Spec, item: Item, base: Path, weights: Path, adapter: Path) -> Iterator[tuple[str, Answer]]:
    """Column title and answer, one model in memory at a time. A form that needs more than these is not asked.

    Args:
        base: the plain checkpoint.
        weights: those that the adapter was trained on: the base's as the deployed form computes with them.

    Raises:
        AdapterError: the adapter is refused, or does not fit.
    """
    _be_quiet()
    yield "base, float32", _answer(spec, item, float32.FORM, base, None)
    yield "adapter, float32", _answer(spec, item, float32.FORM, weights, adapter)
    form = registry.deployed(spec)
    if isinstance(form, Direct) and form is not float32.FORM:
        yield f"deployed: {form.name}", _answer(spec, item, form, base, adapter)


def _be_quiet() -> None:
    """Turn off progress bars, and warnings of absent optional kernels, which would stand above the page."""
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()
    # peft's own call of a transformers property that was renamed.
    warnings.filterwarnings("ignore", "`is_gradient_checkpointing` is deprecated", FutureWarning)
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)


def _answer(spec: Spec, item: Item, form: Direct, base: Path, adapter: Path | None) -> Answer:
    with form.opened(base, adapter, spec.threads) as engine:
        return engine.answer([item], Decoding(1, spec.tasks[item.task].max_new_tokens, spec.base.chat.stop))[0]
