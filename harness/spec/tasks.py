"""``[tasks.NAME]``: one thing that adapters are asked to do, and the files that teach and judge it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from harness.spec.table import Table
from harness.spec.values import Chosen, Count, DataFile, File, OneOf, Pairs, Text

SPLITS = ("train", "dev", "benchmark", "parity")
ALL = "all"
"""The task name that pools every task of an adapter."""

Learn = Literal["last", "all"]

Reserved = Literal[
    "id", "task", "kind", "topic", "points", "reference", "messages", "conversations", "prompt", "completion", "label",
    "instruction", "input", "output", "history", "system", "tools", "origin", "chosen", "rejected",
]  # fmt: skip
"""Names of columns that mean something (`harness.dataset.forms`)."""

Counted = Annotated[int | Mapping[str, Any], OneOf("'integer', 'object'")]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskTable(Table):
    system: str = ""
    """System prompt of every item; "" is none."""
    train: DataFile | None = None
    """Data that adapters learn from; needed where one is trained. JSONL (plain, gzip or zstd), a JSON array, CSV,
    Parquet, a folder that `datasets` saved, or hf:OWNER/NAME[:CONFIG][#SPLIT] from the local cache."""
    dev: DataFile
    """Data that experiments are compared on."""
    benchmark: DataFile
    """Data that judges what ships."""
    parity: DataFile | None = None
    """Data of an earlier report's own items, shown and never proved by."""
    template: File | None = None
    """Jinja file that makes a prompt of a record; not needed where records bring their own turns."""
    schema: File | None = None
    """JSON Schema that every record must match."""
    answer_form: str | None = None
    """Regular expression that a whole answer matches; without it no answer's form is judged."""
    refuse: Chosen[Text] = frozenset()
    """Kinds of records that must be refused; every other kind must be answered."""
    look_alike: Chosen[Text] = frozenset()
    """Kinds of records that only look like what must be refused, and must be answered."""
    refusal_form: str | None = None
    """Regular expression that a whole refusal matches; needed where a kind must be refused."""
    columns: Annotated[tuple[tuple[Reserved, str], ...], Pairs()] = ()
    """Reserved name -> the column that has it, as in id = "uid"; "" where the data's own column of that name means
    something else."""
    learn: Learn = "last"
    """Which turns of an assistant are learned: the last one, or all; never one of weight 0."""
    max_new_tokens: Count = 160
    """Tokens after which an answer is cut."""
    counts: Mapping[str, Mapping[str, Counted]] = field(default_factory=dict)
    """Split -> what it must hold: items, refusals, and cells of one field or several."""
    metrics: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Metric -> its settings, such as the labels of a closed set. A JSON Schema is a table or a file beside it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task(TaskTable):
    """A row of ``[tasks]`` with its name."""

    name: str

    @property
    def files(self) -> Mapping[str, Path]:
        """Split -> its data (`harness.spec.data_place`); absent splits are absent."""
        return {split: path for split in SPLITS if (path := getattr(self, split)) is not None}
