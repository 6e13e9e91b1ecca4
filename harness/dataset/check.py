"""What a data check is: its name, what holds where it passes, which files it looks at and what it can find.

A new check is a module of this room with a ``CHECK`` and its line in `harness.dataset.registry`. Its gates, its tests,
its findings and the names that ``[gates.data]`` may use (``advisory``, ``at_least``, ``allow``) follow from there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from harness.dataset.findings import Finding
from harness.dataset.item import Item
from harness.dataset.line import Record
from harness.dataset.seen import Seen
from harness.spec.data import DataGates, Options
from harness.spec.objects import Task

Concerns = Callable[[Task, str], bool]
"""(task, split) -> whether that file is put to the check."""

NamedFile = tuple[Path, Iterable[Item]]
"""A file and its items, which are read as they are taken."""


def every_file(task: Task, split: str) -> bool:
    return True


def trained_files(task: Task, split: str) -> bool:
    return split == "train"


@dataclass(frozen=True, kw_only=True)
class Check:
    """What all checks say of themselves."""

    name: str
    """Last part of the gate's id and, behind ``test_``, the name of its test."""
    holds: str
    """What is true where the check passes, as one sentence; it is also the docstring of the check's test."""
    kinds: frozenset[str]
    """Kinds of findings that it may report: what ``allow`` can name. Any other kind is an error of the check."""
    options: Callable[[str, DataGates], str] | None = None
    """(kind, settings) -> the option that lets it find less of a kind, as it would stand in ``[gates.data]``; "" where
    only ``allow`` does."""


class RecordCheck(Protocol):
    """Looks at single records. Must be picklable and must not remember what it saw."""

    @property
    def name(self) -> str: ...

    def findings(self, path: Path, line: int, record: Record) -> Iterable[Finding]: ...


@dataclass(frozen=True, kw_only=True)
class RecordsCheck(Check):
    """A check of single records, taken in the one pass over a file that all such checks share."""

    start: Callable[[Task, str | None], RecordCheck] | None
    """(task, text of its prompt template) -> what looks at the records; None where the pass itself does."""
    concerns: Concerns = every_file
    tells: Callable[[Seen], str] | None = None
    """Makes a line for the gate's report from what the pass counted (`harness.dataset.seen`)."""
    note: str = ""
    """What a pass of this check does not cover, for the gate's report."""


@dataclass(frozen=True, kw_only=True)
class ItemsCheck(Check):
    """A check of one file, of all its items together."""

    findings: Callable[[Task, str, Iterable[Item], Options], Iterable[Finding]]
    """(task, split, its items, options) -> defects."""
    concerns: Concerns = every_file


@dataclass(frozen=True)
class BaseText:
    """What the base model makes of a text."""

    tokenizer: Any
    """transformers' tokenizer, with the chat template."""
    config: Any
    """transformers' configuration of the model."""
    max_length: int
    """Tokens of the longest sequence that is trained."""


class Tokenized(Protocol):
    """Looks at the items of a file as the base model's tokenizer reads them, and collects their lengths in tokens."""

    def findings(self, path: Path, items: Iterable[Item]) -> Iterable[Finding]: ...

    def distribution(self) -> str:
        """The lengths in one line, for the gate's report, also where nothing was found."""


@dataclass(frozen=True, kw_only=True)
class TokenizedCheck(Check):
    """A check of one file that needs the base model's tokenizer: done where ``[gates.data] tokens = true``."""

    start: Callable[[BaseText, Task, str], Tokenized]
    """(base, task, split) -> what looks at the items."""
    concerns: Concerns = every_file


@dataclass(frozen=True, kw_only=True)
class SplitsCheck(Check):
    """A check of all files of a task together."""

    findings: Callable[
        [Mapping[str, NamedFile], Sequence[NamedFile], Sequence[Mapping[str, NamedFile]], Options], Iterable[Finding]
    ]
    """(split -> file, files that other tasks train on, held-out splits of each task before this one, options) ->
    defects."""
    leakage: bool = False
    """Whether the check looks for training data in held-out splits. Its pass says nothing of adapters that were trained
    elsewhere, and its findings are counted as a share of the split that has most of them, so that a large training file
    does not make the share small."""
