"""A store that machines and containers share: a run of another one is under way while its heart beats."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.gates.records import ArtifactUsed, Hello, RunOpened
from harness.run import alive, retention
from harness.run import journal as evidence
from harness.run.journal import Journal
from harness.store.artifact import Key
from harness.store.store import Store

HERE = {"host": "one", "boot": "b1", "namespace": "pid:[1]"}
ELSEWHERE: dict[str, dict[str, str]] = {
    "another machine": {"host": "two", "boot": "b2", "namespace": "pid:[1]"},
    "another container of this machine": {"host": "one", "boot": "b1", "namespace": "pid:[2]"},
    "this machine before it was started anew": {"host": "one", "boot": "b0", "namespace": "pid:[1]"},
}
NOBODY = 2**22 + 1


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test stands on the first of the two machines."""
    monkeypatch.setattr(alive, "_place", lambda: HERE)


def begun(out: Path, run_id: str, ago: float = 0.0, **changes: Any) -> Path:
    """A run without a verdict that used one artifact, and whose heart last beat so long ago."""
    folder = out / "runs" / run_id
    journal = Journal(folder / "evidence" / "main.jsonl", "main")
    journal.write(replace(alive.identity(), **changes))
    journal.write(RunOpened(run_id, "tiny", "", "both", ["sea"], []))
    key = Key("adapter", run_id, {"label": run_id})
    artifact = Store(out / "store").fetch(key, lambda content: (content / "weights").touch() or None)  # type: ignore[func-returns-value]
    journal.write(ArtifactUsed(f"adapter {run_id}", "adapter", artifact.digest, key.digest, 0.0, False, ""))
    (folder / alive.HEARTBEAT).touch()
    for path in (folder / alive.HEARTBEAT, journal.path, artifact.path.parent):
        os.utime(path, (time.time() - ago, time.time() - ago))
    return folder


def lives(folder: Path) -> bool:
    return alive.lives(folder, evidence.read(folder / "evidence"))


@pytest.mark.parametrize("case", ELSEWHERE)
class TestElsewhere:
    def test_a_run_whose_heart_beats_lives_though_no_process_here_has_its_id(self, tmp_path: Path, case: str) -> None:
        assert lives(begun(tmp_path, "far", pid=NOBODY, **ELSEWHERE[case]))

    def test_a_run_whose_heart_is_still_is_over_though_a_process_here_has_its_id(
        self, tmp_path: Path, case: str
    ) -> None:
        assert not lives(begun(tmp_path, "far", ago=alive.STILL + 60, pid=os.getpid(), **ELSEWHERE[case]))

    def test_what_it_used_is_kept_when_the_store_is_tidied_here(self, tmp_path: Path, case: str) -> None:
        begun(tmp_path, "far", ago=3600, pid=NOBODY, **ELSEWHERE[case])
        done = begun(tmp_path, "own", pid=NOBODY)
        (done / "verdict.json").write_text("{}", encoding="utf-8")
        assert {one.reason for one in retention.survey(tmp_path, 1, "own")} == {"recent"}
        retention.remove(retention.survey(tmp_path, 1, "own"))
        assert len(list((tmp_path / "store" / "adapter").glob("*/manifest.json"))) == 2

    def test_what_it_is_publishing_stays(self, tmp_path: Path, case: str) -> None:
        begun(tmp_path, "far", pid=NOBODY, **ELSEWHERE[case])
        (tmp_path / "releases" / "tiny-far.partial").mkdir(parents=True)
        assert retention.abandoned(tmp_path) == []

    def test_a_clock_that_is_wrong_there_costs_it_nothing(self, tmp_path: Path, case: str) -> None:
        """Its journal says that it began in an hour; what it is about to use was used before, by another run."""
        begun(tmp_path, "old", ago=7200, pid=NOBODY)
        far = begun(tmp_path, "far", pid=NOBODY, **ELSEWHERE[case])
        path = far / "evidence" / "main.jsonl"
        rows = [json.loads(row) for row in path.read_text(encoding="utf-8").splitlines()]
        ahead = (json.dumps({**row, "at": row["at"] + 3600}) for row in rows)
        path.write_text("".join(f"{row}\n" for row in ahead), encoding="utf-8")
        assert {one.reason for one in retention.survey(tmp_path, 1)} == {"recent"}


class TestHere:
    def test_this_process_lives(self, tmp_path: Path) -> None:
        assert lives(begun(tmp_path, "own"))

    def test_a_process_that_ended_does_not_however_lately_its_heart_beat(self, tmp_path: Path) -> None:
        assert not lives(begun(tmp_path, "own", pid=NOBODY))

    def test_an_id_that_is_used_again_is_not_the_process_that_had_it(self, tmp_path: Path) -> None:
        assert not lives(begun(tmp_path, "own", started=1))

    def test_a_killed_run_is_over_at_once(self, tmp_path: Path) -> None:
        child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
        folder = begun(tmp_path, "own", pid=child.pid, started=0)
        assert lives(folder)
        child.kill()
        child.wait()
        assert not lives(folder)

    def test_a_journal_that_does_not_say_whose_it_is_goes_by_its_last_sign_of_life(self, tmp_path: Path) -> None:
        folder = tmp_path / "runs" / "old"
        Journal(folder / "evidence" / "main.jsonl", "main").write(Hello(NOBODY))
        assert lives(folder)
        for path in (folder / "evidence").iterdir():
            os.utime(path, (1.0, 1.0))
        assert not lives(folder)


def test_a_heart_beats_from_the_start_and_until_it_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alive, "EVERY", 0.01)
    heart = alive.Heart(tmp_path)
    heart.start()
    deadline = time.monotonic() + 10
    beats = set()
    while len(beats) < 3 and time.monotonic() < deadline:
        if (tmp_path / alive.HEARTBEAT).exists():
            beats.add((tmp_path / alive.HEARTBEAT).stat().st_mtime_ns)
    heart.stop()
    heart.join(timeout=10)
    assert len(beats) >= 3
    assert not heart.is_alive()


def test_a_place_that_cannot_be_written_ends_no_run(tmp_path: Path) -> None:
    heart = alive.Heart(tmp_path / "gone")
    heart.stop()
    heart.run()
