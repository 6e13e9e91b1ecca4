"""At the end of a run the steps on the way to a file are emptied: no other artifact, none that the spec keeps, and none
while another run may be reading it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from harness.gates.records import ArtifactUsed, RunOpened
from harness.report import publish
from harness.run import alive, steps
from harness.run.journal import Journal
from harness.run.run import open_run
from harness.spec import load
from harness.store.artifact import Artifact, Key
from harness.store.store import PIN, Store
from suites.tiny.child import Line

Used = Callable[[str], dict[str, Artifact]]
KEYS = {
    "merged": Key("merged", "both", {"adapter": "ab"}),
    "f16": Key("gguf", "both f16", {"checkpoint": "cd", "type": "f16"}),
    "q4": Key("gguf", "both Q4_0", {"f16": "ef", "type": "Q4_0"}),
    "base": Key("gguf", "base as given", {"sha256": "01"}),
    "adapter": Key("adapter", "both", {"seed": 1}),
}


@pytest.fixture
def used(tmp_path: Path) -> Used:
    """``used(run_id)``: a run that used one artifact of each kind."""

    def used(run: str) -> dict[str, Artifact]:
        journal = Journal(tmp_path / "runs" / run / "evidence" / "main.jsonl", "main")
        journal.write(RunOpened(run, "tiny", "", "both", [], []))
        found = {}
        for name, key in KEYS.items():
            found[name] = Store(tmp_path / "store").fetch(key, _write)
            journal.write(ArtifactUsed(name, key.kind, found[name].digest, key.digest, 1.0, False, ""))
        return found

    return used


def _write(folder: Path) -> None:
    (folder / "file").write_bytes(bytes(1000))


def left(found: dict[str, Artifact]) -> set[str]:
    return {name for name, one in found.items() if one.path.exists()}


def test_merged_checkpoint_and_f16_file_are_emptied_and_nothing_else(tmp_path: Path, used: Used) -> None:
    found = used("first")
    assert steps.empty(tmp_path, "first", ()) == 2000
    assert left(found) == {"q4", "base", "adapter"}
    assert steps.empty(tmp_path, "first", ()) == 0


@pytest.mark.parametrize("kept", ["merged", "f16"])
def test_what_the_spec_keeps_stays(tmp_path: Path, kept: str, used: Used) -> None:
    found = used("first")
    assert steps.empty(tmp_path, "first", {kept}) == 1000
    assert left(found) == {"q4", "base", "adapter", kept}


def test_what_is_pinned_stays(tmp_path: Path, used: Used) -> None:
    found = used("first")
    (found["merged"].path.parent / PIN).touch()
    steps.empty(tmp_path, "first", ())
    assert left(found) == {"q4", "base", "adapter", "merged"}


def test_nothing_is_emptied_under_another_run(tmp_path: Path, used: Used, monkeypatch: pytest.MonkeyPatch) -> None:
    found = used("first")
    Journal(tmp_path / "runs" / "second" / "evidence" / "main.jsonl", "main").write(
        RunOpened("second", "tiny", "", "both", [], [])
    )
    monkeypatch.setattr(alive, "lives", lambda folder, journal: True)
    assert steps.empty(tmp_path, "first", ()) == 0
    assert left(found) == set(KEYS)
    (tmp_path / "runs" / "second" / "verdict.json").touch()
    assert steps.empty(tmp_path, "first", ()) == 2000


def test_a_run_tells_what_it_emptied(tmp_path: Path, line: Line, used: Used) -> None:
    spec = load.load(line.spec)
    found = used("first")
    run = open_run(replace(spec, keep=frozenset({"f16"})), tmp_path, "first", "main", rescore=False)
    assert "MiB of steps on the way to a GGUF file ([store] keep)" in publish.tidy(run)
    assert left(found) == {"q4", "base", "adapter", "f16"}
