"""Everything that a written release is made of, decided: what spec, files and screen are rendered from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.dataset.item import Item
from harness.new.base import Model
from harness.new.columns import Columns
from harness.new.given_adapter import GivenAdapter
from harness.new.look import Look
from harness.new.measures import Chosen
from harness.new.needs import Need
from harness.new.rows import File, Row

SPEC, SCHEMA, TEMPLATE = "release.toml", "answer.schema.json", "prompt.j2"


@dataclass(frozen=True, slots=True)
class Taken:
    """How the records came to their splits."""

    rows: Mapping[str, Sequence[Row]]
    """Split -> its records, in the order in which they are written."""
    items: Mapping[str, Sequence[Item]]
    """The same as items."""
    given: Mapping[str, tuple[str, ...]]
    """Split -> names of the files that were taken for it as they are."""
    cut: tuple[str, ...]
    """Splits that were made of one pool, by content."""
    groups: int
    """Groups of the pool that are independent of each other; 0 where nothing was cut."""

    @property
    def repeats(self) -> bool:
        """Whether several benchmark items are of one topic, and count as one."""
        topics = [item.topic for item in self.items["benchmark"]]
        return len(set(topics)) < len(topics)


@dataclass(frozen=True, slots=True)
class Lengths:
    """Tokens that the recipe allows."""

    sample: int
    answer: int
    over: int
    """Items that are longer than the base can read."""


@dataclass(frozen=True, slots=True)
class Draft:
    """One release."""

    name: str
    task: str
    files: tuple[File, ...]
    columns: Columns
    look: Look
    chosen: Chosen
    needs: tuple[Need, ...]
    taken: Taken
    model: Model
    lengths: Lengths
    adapter: GivenAdapter | None
    notes: tuple[str, ...]
    """What else its reader should know, in sentences."""

    @property
    def candidate(self) -> str:
        return self.task if self.adapter is None else self.adapter.name

    @property
    def proves(self) -> bool:
        """Whether any threshold can be a condition of the release."""
        return any(need.blocking for need in self.needs)

    @property
    def not_judged(self) -> tuple[str, ...]:
        """What a release of this draft says nothing of, in short phrases."""
        found = ["refusals (no kind of record is declared to be refused)", "the form of answers (no answer_form)"]
        metrics = {need.choice.metric for need in self.needs}
        if metrics & {"rouge-l", "chrf"}:
            found.insert(0, "whether facts in free text are right (no points)")
        if "json-schema" in metrics:
            found.insert(0, "whether the drafted schema is what you mean")
        if self.adapter is not None:
            found.insert(0, "what the adapter was trained on: leakage is unknown")
        found.append("general language ([gates.forgetting])")
        return tuple(found)


def path_of(split: str) -> Path:
    """The file of a split, below the written folder."""
    return Path(f"{split}.jsonl")
