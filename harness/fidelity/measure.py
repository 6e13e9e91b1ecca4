"""Measure one form in one loading: figures of the passages, answers to the sample, speed and memory."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from harness.dataset.item import Item
from harness.engines import answers
from harness.engines.answers import Answer
from harness.engines.divergence import Passage, passages
from harness.engines.engine import Engine
from harness.engines.generate import Decoding
from harness.engines.progress import Progress, silent
from harness.fidelity.figures import Labelled, PassageFigures, stream

FIGURES, FACTS = "figures.json", "facts.json"


@dataclass(frozen=True, slots=True)
class Facts:
    """Speed and memory of a form."""

    tokens: int
    """Generated, over all answers of the sample."""
    seconds: float
    """Seconds spent on generating, prompts included."""
    memory: int
    """Bytes of memory; `memory_of` says of what."""
    memory_of: str

    @property
    def speed(self) -> float:
        """Tokens a second; 0.0 where nothing was generated."""
        return self.tokens / self.seconds if self.seconds > 0.0 else 0.0


@dataclass(frozen=True, slots=True)
class Measured:
    """All that was measured of one form."""

    figures: tuple[PassageFigures, ...]
    answers: Mapping[str, Answer]
    """By item id: the whole sample."""
    facts: Facts


@dataclass(frozen=True, slots=True)
class Sample:
    """The items that every form is asked, by task, and the decoding to use."""

    items: Mapping[str, tuple[Item, ...]]
    decodings: Mapping[str, Decoding]

    @property
    def all(self) -> tuple[Item, ...]:
        return tuple(item for group in self.items.values() for item in group)


def labelled(items: Sequence[Item], texts: Sequence[Passage]) -> list[Labelled]:
    """Names and clusters of passages; a topic of one task is one cluster."""
    return [
        Labelled(f"{item.task}/{item.id}", f"{item.task}/{item.topic}", text.completion)
        for item, text in zip(items, texts, strict=True)
    ]


def measure(
    engine: Engine,
    tokenizer: Any,
    sample: Sample,
    adapter: Iterable[Any],
    base: Iterable[Any],
    progress: Progress = silent,
) -> Measured:
    """Measure everything about a form.

    Args:
        adapter, base: reference logits of each item's passage, in the order of `sample.all` (`figures.stream`).

    Raises:
        EngineError: the engine died, hung, or gave what is no logits.
    """
    items = sample.all
    texts = passages(tokenizer, items)
    figures = []
    for one in stream(labelled(items, texts), adapter, base, engine.logits(texts)):
        figures.append(one)
        progress(len(figures), 2 * len(items))
    given, seconds = answer_sample(engine, sample, progress)
    spoken = sum(len(answer.ids) for answer in given.values())
    held = engine.footprint()
    return Measured(tuple(figures), given, Facts(spoken, seconds, held.size, held.of))


def answer_sample(engine: Engine, sample: Sample, progress: Progress = silent) -> tuple[dict[str, Answer], float]:
    """Answers by ``task/item``, and the seconds that they took."""
    found: dict[str, Answer] = {}
    started = time.monotonic()
    for task, items in sample.items.items():
        found |= {f"{task}/{one.item}": one for one in engine.answer(items, sample.decodings[task])}
        progress(len(sample.all) + len(found), 2 * len(sample.all))
    return found, time.monotonic() - started


def write(folder: Path, measured: Measured) -> None:
    write_figures(folder, measured.figures)
    (folder / FACTS).write_text(json.dumps(asdict(measured.facts), sort_keys=True) + "\n", encoding="utf-8")
    write_answers(folder, measured.answers)


def write_figures(folder: Path, figures: Iterable[PassageFigures]) -> None:
    rows = [asdict(one) for one in figures]
    (folder / FIGURES).write_text(json.dumps(rows) + "\n", encoding="utf-8", newline="\n")


def read_figures(folder: Path) -> tuple[PassageFigures, ...]:
    return tuple(map(_figures, json.loads((folder / FIGURES).read_text(encoding="utf-8"))))


def write_answers(folder: Path, given: Mapping[str, Answer]) -> None:
    """Answers under their full name, ``task/item``: ids are unique within a task only."""
    named = (Answer(name, one.text, one.ids, one.stop, one.prompt_tokens) for name, one in given.items())
    answers.write(folder, named)


def read(folder: Path, sample: Sample) -> Measured:
    """What `write` wrote into a folder, read back.

    Raises:
        StoreError: it answers other items than the sample holds.
    """
    facts = Facts(**json.loads((folder / FACTS).read_text(encoding="utf-8")))
    return Measured(read_figures(folder), read_answers(folder, sample), facts)


def read_answers(folder: Path, sample: Sample) -> dict[str, Answer]:
    return answers.read(folder, [f"{task}/{item.id}" for task, items in sample.items.items() for item in items])


def _figures(row: Mapping[str, Any]) -> PassageFigures:
    by_token = ("to_adapter", "to_base", "same_top", "form_likelihood", "adapter_likelihood")
    return PassageFigures(row["item"], row["cluster"], *(tuple(row[name]) for name in by_token))
