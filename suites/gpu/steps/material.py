"""The material that a release gives the steps: its spec, the candidate's training items, and the items to ask."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from harness.dataset.checks import items_of
from harness.dataset.item import Item
from harness.errors import AdapterError
from harness.spec import load
from harness.spec.objects import Spec
from harness.spec.recipe import Experiment
from suites.gpu.settings import Settings

DTYPES = ("float32", "bfloat16")


def spec_of(settings: Settings) -> Spec:
    return load.load(settings.release)


def lesson(settings: Settings, spec: Spec) -> tuple[list[Item], Experiment]:
    """What the candidate is trained on and how: the experiment of the fewest epochs, or as many steps as are wanted."""
    items = [item for task in spec.adapters[spec.candidate].tasks for item in items_of(spec.tasks[task], "train")]
    experiment = min(spec.experiments, key=lambda one: one.epochs)
    if settings.steps is None:
        return items, experiment
    return items[: settings.steps * spec.recipe.batch_size], replace(experiment, epochs=1)


def questions(settings: Settings, spec: Spec, split: str = "dev") -> list[Item]:
    """The items that are answered: a task in turn, so that the first few are of every task."""
    each = [items_of(spec.tasks[task], split) for task in spec.adapters[spec.candidate].tasks]
    return list(itertools.islice(_in_turn(each), settings.items))


def most_tokens(settings: Settings, spec: Spec) -> int:
    """Most tokens of an answer to any of the candidate's tasks."""
    return settings.tokens or max(spec.tasks[task].max_new_tokens for task in spec.adapters[spec.candidate].tasks)


def adapter(settings: Settings) -> Path:
    """An adapter that was trained in this run, float32's before bfloat16's.

    Raises:
        AdapterError: neither was trained to its end.
    """
    for dtype in DTYPES:
        if (settings.adapter(dtype) / "training.json").is_file():  # written last
            return settings.adapter(dtype)
    raise AdapterError(f"{settings.work} holds no adapter that was trained to its end")


def _in_turn(each: Sequence[Sequence[Item]]) -> Iterator[Item]:
    for row in itertools.zip_longest(*each):
        yield from (item for item in row if item is not None)
