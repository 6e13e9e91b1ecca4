"""One item put to the base, to the adapter as it was trained, and to the form that ships."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from harness.dataset.item import Item
from harness.engines import float32, form
from harness.engines.answers import Answer
from harness.engines.form import Form, Loaded
from harness.engines.generate import Decoding, answer_all
from harness.engines.mount import mounted
from harness.engines.registry import FORMS
from harness.spec.objects import Spec


def ask(spec: Spec, item: Item, base: Path, weights: Path, adapter: Path) -> Iterator[tuple[str, Answer]]:
    """Column title and answer, one model in memory at a time; what llama.cpp serves is only shown as it was stored.

    Args:
        base: the plain checkpoint.
        weights: those that the adapter was trained on: the base's as the deployed form computes with them.

    Raises:
        AdapterError: the adapter is refused, or does not fit.
    """
    _be_quiet()
    yield "base, float32", _answer(spec, item, float32.FORM, base, None)
    yield "adapter, float32", _answer(spec, item, float32.FORM, weights, adapter)
    if spec.deploy != float32.FORM.name and spec.deploy in FORMS:
        yield f"deployed: {spec.deploy}", _answer(spec, item, FORMS[spec.deploy], base, adapter)


def _be_quiet() -> None:
    """Progress bars of a few seconds, and word of optional kernels that are absent, would stand above the page."""
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()
    # peft's own call of a transformers property that was renamed.
    warnings.filterwarnings("ignore", "`is_gradient_checkpointing` is deprecated", FutureWarning)
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)


def _answer(spec: Spec, item: Item, wanted: Form, base: Path, adapter: Path | None) -> Answer:
    bare = form.load(wanted, base, spec.threads)
    context: AbstractContextManager[Loaded] = nullcontext(bare) if adapter is None else mounted(bare, adapter)
    with context as engine:
        return answer_all(engine, [item], Decoding(1, spec.tasks[item.task].max_new_tokens, spec.base.chat.stop))[0]
