"""The weights that an adapter was trained on, nothing quantized: what every form is held against."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from harness.engines import form, pristine, transformers_engine
from harness.engines.float32 import FORM
from harness.engines.form import Loaded
from harness.engines.transformers_engine import TransformersEngine
from harness.spec.serve import Precision


@dataclass(frozen=True, slots=True)
class Trained:
    """Where the weights are, and what they compute in."""

    weights: Path
    threads: int
    precision: Precision


_kept: dict[Trained, Callable[[], Loaded]] = {}
"""What this process has loaded."""


def loaded(trained: Trained) -> Loaded:
    """The bare weights as a model, loaded once a process, and again where an adapter left a trace on them."""
    if trained not in _kept:
        _kept[trained] = pristine.kept(lambda: form.load(FORM, trained.weights, trained.threads, trained.precision))
    return _kept[trained]()


@contextmanager
def opened(trained: Trained, adapter: Path | None) -> Iterator[TransformersEngine]:
    """The weights as an engine, with an adapter on them or without."""
    with transformers_engine.opened(loaded(trained), adapter) as engine:
        yield engine
