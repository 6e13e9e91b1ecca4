"""The store keeps what recent runs, releases and pins hold, removes the rest when asked, and only then."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from harness.gates.records import ArtifactUsed, RunOpened
from harness.report import publish
from harness.run import alive
from harness.run.journal import Journal
from harness.run.retention import Held, main, remove, survey
from harness.run.run import open_run
from harness.spec import load
from harness.store.artifact import Key
from harness.store.store import PIN, Store
from suites.tiny.child import Line

Ran = Callable[..., None]


@pytest.fixture
def ran(tmp_path: Path) -> Ran:
    """``ran(run_id, *labels, ago=seconds)``: a run that used these artifacts, that many seconds ago."""

    def ran(run_id: str, *labels: str, ago: float) -> None:
        journal = Journal(tmp_path / "runs" / run_id / "evidence" / "main.jsonl", "main")
        store = Store(tmp_path / "store")
        journal.write(RunOpened(run_id, "tiny", "", "both", [], []))
        for label in labels:
            key = Key("adapter", label, {"label": label})
            artifact = store.fetch(key, _write_weights)
            journal.write(ArtifactUsed(f"adapter {label}", "adapter", artifact.digest, key.digest, 1.0, False, ""))
            os.utime(artifact.path.parent, (time.time() - ago, time.time() - ago))
        _shift(journal.path, ago)

    return ran


def _write_weights(folder: Path) -> None:
    (folder / "weights").write_bytes(bytes(1000))


def _shift(path: Path, ago: float) -> None:
    """Write the journal as of `ago` seconds before now."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    for row in rows:
        row["at"] = time.time() - ago - 1.0
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def reasons(held: list[Held]) -> list[str]:
    return sorted(one.reason for one in held)


def test_what_only_runs_before_the_last_n_used_is_free_to_go(tmp_path: Path, ran: Ran) -> None:
    ran("first", "old", "shared", ago=3000)
    ran("second", "shared", "new", ago=1000)

    assert reasons(survey(tmp_path, keep_last=1)) == ["", "recent", "recent"]
    assert reasons(survey(tmp_path, keep_last=2)) == ["recent"] * 3


def test_a_store_with_fewer_runs_than_it_may_keep_loses_nothing(tmp_path: Path, ran: Ran) -> None:
    ran("only", "old", ago=3000)

    assert reasons(survey(tmp_path, keep_last=5)) == ["recent"]


def test_what_a_run_under_way_has_used_stays(tmp_path: Path, ran: Ran) -> None:
    ran("long", "its own", ago=3000)
    journal = Journal(tmp_path / "runs" / "long" / "evidence" / "main.jsonl", "main")
    journal.write(alive.identity())
    ran("short", "another", ago=30)
    assert reasons(survey(tmp_path, 1)) == ["recent", "recent"]
    (tmp_path / "runs" / "long" / "verdict.json").write_text("{}", encoding="utf-8")
    assert reasons(survey(tmp_path, 1)) == ["", "recent"]


def test_artifacts_of_a_release_stay_however_old(tmp_path: Path, ran: Ran) -> None:
    ran("first", "shipped", ago=3000)
    ran("second", "new", ago=1000)
    (tmp_path / "releases" / "tiny-first").mkdir(parents=True)

    assert reasons(survey(tmp_path, keep_last=1)) == ["recent", "released"]


def test_a_pinned_artifact_stays(tmp_path: Path, ran: Ran) -> None:
    ran("first", "old", ago=3000)
    ran("second", "new", ago=1000)
    old = next(one for one in survey(tmp_path, 1) if not one.reason)
    (old.folder / PIN).touch()

    assert reasons(survey(tmp_path, keep_last=1)) == ["pinned", "recent"]


def test_removing_frees_what_nothing_holds_and_leaves_the_rest_whole(tmp_path: Path, ran: Ran) -> None:
    ran("first", "old", ago=3000)
    ran("second", "new", ago=1000)

    freed = remove(survey(tmp_path, keep_last=1))

    store = Store(tmp_path / "store")
    assert freed > 1000
    assert store.find(Key("adapter", "old", {"label": "old"})) is None
    assert store.find(Key("adapter", "new", {"label": "new"})) is not None


def test_an_artifact_that_a_new_run_uses_is_recent_at_once(tmp_path: Path, ran: Ran) -> None:
    ran("first", "old", ago=3000)
    ran("second", "new", ago=1000)
    Store(tmp_path / "store").find(Key("adapter", "old", {"label": "old"}))

    assert reasons(survey(tmp_path, keep_last=1)) == ["recent", "recent"]


def test_a_report_removes_nothing(tmp_path: Path, ran: Ran, capsys: pytest.CaptureFixture[str]) -> None:
    ran("first", "old", ago=3000)
    ran("second", "new", ago=1000)

    assert main([str(tmp_path)]) == 0

    assert "adapter              2" in capsys.readouterr().out
    assert len(survey(tmp_path, keep_last=1)) == 2


def test_a_run_removes_what_its_spec_does_not_keep_and_says_how_much(tmp_path: Path, ran: Ran, line: Line) -> None:
    ran("first", "old", ago=3000)
    ran("second", "new", ago=1000)
    spec = load.load(line.spec)

    kept = publish.tidy(open_run(spec, tmp_path, "second", "main", rescore=False))
    left = reasons(survey(tmp_path, keep_last=1))
    told = publish.tidy(open_run(replace(spec, keep_last=1), tmp_path, "second", "main", rescore=False))

    assert (kept, left) == ("", ["", "recent"]), "a spec that says nothing removes nothing"
    assert told.startswith("removed from the store: ")
    assert reasons(survey(tmp_path, keep_last=1)) == ["recent"]


def test_a_folder_without_a_store_is_refused_by_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([str(tmp_path)])

    assert "store does not exist; name the folder that was given to --out" in capsys.readouterr().err
