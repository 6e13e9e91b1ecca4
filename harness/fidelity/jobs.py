"""Jobs that measure: the adapter as trained, and every form against it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from harness.dataset.item import Item
from harness.engines import answers, as_trained, halving
from harness.engines.as_trained import Trained
from harness.engines.engine import Engine
from harness.engines.generate import Decoding, answer_all
from harness.engines.halving import Halved
from harness.engines.mount import mounted
from harness.engines.progress import Progress
from harness.fidelity import measure, reference
from harness.fidelity.measure import Sample
from harness.jobs.call import Call


def states(folder: Path, progress: Progress, trained: Trained, adapter: Path, sample: Sample) -> None:
    """Hidden states of the sample's reference answers, with and without the adapter."""
    reference.write(folder, as_trained.loaded(trained), adapter, sample)


def sample_answers(folder: Path, progress: Progress, trained: Trained, adapter: Path, sample: Sample) -> None:
    """Answers of the adapter as trained to the sample."""
    reference.write_answers(folder, as_trained.loaded(trained), adapter, sample, progress)


def all_answers(
    folder: Path, progress: Progress, trained: Trained, adapter: Path, items: Sequence[Item], decoding: Decoding
) -> None:
    """Answers of the adapter as trained to a whole list."""
    halved: list[Halved] = []
    with mounted(as_trained.loaded(trained), adapter) as model:
        answers.write(folder, answer_all(model, items, decoding, progress, halved.append))
    halving.write(folder, halved)


def form(
    folder: Path, progress: Progress, opened: Call, trained: Trained, adapter: Path, held: Path, sample: Sample
) -> None:
    """Figures, answers, speed and memory of one form.

    Args:
        held: folder of `states`.
    """
    write(folder, opened, trained, adapter, held, sample, progress)


def write(
    folder: Path,
    opening: Callable[[], AbstractContextManager[Engine]],
    trained: Trained,
    adapter: Path,
    held: Path,
    sample: Sample,
    progress: Progress,
) -> None:
    """Write what `form` does. Of the reference the output heads alone are held when the form is opened."""
    from transformers import AutoTokenizer

    heads = reference.heads(trained.weights, trained.precision, adapter, lambda: as_trained.loaded(trained))
    told, bare = reference.against(held, heads)
    with opening() as engine:
        tokenizer = AutoTokenizer.from_pretrained(trained.weights)
        measure.write(folder, measure.measure(engine, tokenizer, sample, told, bare, progress))
        halving.write(folder, engine.halved())
