"""A change of batching is journalled with the artifact that rests on it, built or reused."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from harness.engines import halving
from harness.engines.halving import Halved
from harness.gates import records
from harness.gates.entry import every
from harness.run import journal as evidence
from harness.run.journal import Journal
from harness.run.run import note_artifact
from harness.store.artifact import Key
from harness.store.store import Store

KEY = Key("answers", "short both sea benchmark", {"prompts": "ab" * 32})
WHY = "memory ran out while answering 3 items of up to 68 tokens each, and 4 new ones: 142.6 MB was asked for"
ONE = Halved(("a", "b", "c"), 2, WHY)


def build(folder: Path, halved: tuple[Halved, ...]) -> None:
    (folder / "answers.jsonl").write_text("{}\n", encoding="utf-8")
    halving.write(folder, halved)


def noted(folder: Path, *halved: Halved) -> list[records.Halved]:
    """What the journal says once the artifact was built, and was used again."""
    journal = Journal(folder / "evidence" / "main.jsonl", "main")
    store = Store(folder / "store", on_build=partial(note_artifact, journal))
    store.fetch(KEY, partial(build, halved=halved))
    note_artifact(journal, KEY, store.fetch(KEY, partial(build, halved=halved)))
    return every(evidence.read(folder / "evidence"), records.Halved)


def test_it_says_how_many_items_went_into_which_half_and_why(tmp_path: Path) -> None:
    built, reused = noted(tmp_path, ONE)
    assert built == reused
    assert built.name == "answers short both sea benchmark"
    assert built.batches == [{"items": 3, "into": [2, 1], "why": WHY}]


def test_answers_that_fitted_leave_no_record(tmp_path: Path) -> None:
    assert noted(tmp_path) == []
