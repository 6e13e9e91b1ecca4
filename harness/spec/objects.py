"""A release spec as frozen objects; `harness.spec.load` reads them from TOML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.spec.chat import Chat
from harness.spec.recipe import Experiment, Recipe

if TYPE_CHECKING:
    from harness.releases.earlier import Earlier

SPLITS = ("train", "dev", "benchmark", "parity")
ALL = "all"
"""The task name that pools every task of an adapter."""


@dataclass(frozen=True, slots=True)
class Base:
    """The base model: where it comes from and which bytes it must be."""

    source: str
    """``package:DIST/FILE``, ``path:DIR``, ``hf:OWNER/NAME`` or ``modelscope:OWNER/NAME``."""
    pin: str
    """``sha256:HEX`` of the file (or of the folder's digests), or ``revision:REV`` of a hub."""
    chat: Chat = field(default_factory=Chat)
    """How conversations are written for it, where that is not its own template's bare way."""


@dataclass(frozen=True, slots=True)
class Task:
    """One thing that adapters are asked to do, and the files that teach and judge it."""

    name: str
    system: str
    files: Mapping[str, Path]
    """Split -> JSONL file; absent splits are absent."""
    template: Path
    schema: Path | None
    answer_form: str
    refusal_form: str
    max_new_tokens: int
    counts: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Adapter:
    name: str
    tasks: tuple[str, ...]
    path: Path | None = None
    """An adapter trained elsewhere, or None: greenrun trains it."""
    trained_on: str = ""
    """What an adapter from elsewhere had its base in (`harness.engines.trained_on`); "" where the spec does not say."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What an experiment's candidate must exceed on `dev`, and what is trained before one is chosen."""

    train: str = "candidate"
    """``candidate``: the candidate of each experiment, and the other adapters of the selected one alone. ``all``: every
    adapter of every experiment."""
    weights: Mapping[str, float] = field(default_factory=lambda: {"coverage": 0.5, "format": 0.5})
    """Of metrics, in the composite that the report shows."""
    minimum: Mapping[str, float] = field(default_factory=dict)
    """Metric -> what the candidate's `dev` value must exceed; the gate's own threshold where it is not named."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What one adapter must exceed on one task."""

    adapter: str
    task: str
    above: Mapping[str, float]
    expected: Mapping[str, float]
    split: str
    blocking: bool
    rule: str


@dataclass(frozen=True, slots=True)
class Spec:
    """A whole release spec; `path` and `digest` say which bytes it was read from."""

    path: Path
    digest: str
    name: str
    candidate: str
    deploy: str
    seed: int
    threads: int
    instructions: str
    """``native``, or ``avx2``: torch's kernels are held to what most processors share (`harness.engines.processor`)."""
    notes: Path | None
    base: Base
    tasks: Mapping[str, Task]
    adapters: Mapping[str, Adapter]
    recipe: Recipe
    experiments: tuple[Experiment, ...]
    selection: Selection
    rule: str
    confidence: float
    batch_size: int
    noise_sample: int
    ends_by_itself: float
    """Share of an adapter's answers to a task that must end with an end token, and not at the token limit."""
    keep_last: int | None
    """Runs whose artifacts the store keeps; None removes nothing."""
    limits: Mapping[str, float]
    """Kind of artifact -> seconds that building one may take."""
    thresholds: tuple[Thresholds, ...]
    areas: Mapping[str, Mapping[str, Any]]
    """The tables under ``[gates.*]`` other than eval, as written."""
    ledger: Path | None = None
    """Where attempts on the benchmark are counted (`harness.releases.ledger`); None: they are not."""
    attempts: str = "report"
    """``report``: show what the stated error has become. ``spend``: divide it between the attempts."""
    fresh_after: int = 10
    """Adapters that a benchmark may judge before fresh items are asked for. At ten of 5 % each the ceiling is 50 %: a
    pass by luck can be no rarer than heads."""
    opened: Mapping[str, str] = field(default_factory=dict)
    """Path -> SHA-256 of everything that the run reads, as it opened: from the disk, never from the file."""
    against: Earlier | None = None
    """The release that this one is compared with: from the command line, never from the file."""

    @property
    def external(self) -> bool:
        """True where every adapter is given: nothing trains and nothing is selected."""
        return all(adapter.path is not None for adapter in self.adapters.values())

    def tasks_of(self, adapter: str, task: str) -> tuple[str, ...]:
        """The tasks that a row or gate about `task` speaks of: all of the adapter's where tasks are pooled."""
        return self.adapters[adapter].tasks if task == ALL else (task,)

    def blocking(self, area: str) -> bool:
        return bool(self.areas.get(area, {}).get("blocking", True))
