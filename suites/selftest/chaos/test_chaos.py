"""A release killed again and again, at any moment, ends green all the same, with the artifacts of a quiet one."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from harness.gates.entry import every
from harness.gates.records import ArtifactUsed, RunOpened
from harness.report import rejudge
from harness.run import journal
from suites.tiny import child
from suites.tiny.child import Finished, Line

KILLS = 50
SEED = 20
LONGEST = 12.0
"""Latest moment in seconds at which a release is killed; one that is left alone takes about three times as long."""


def test_a_release_killed_at_fifty_random_moments_ends_green_with_equal_artifacts(
    line: Line, green: Finished, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    moments = random.Random(SEED)
    chaotic = Line(line.spec, tmp_path / "out")
    wanted = _artifacts(green.run)
    killed = 0
    for attempt in range(3 * KILLS):
        moment = moments.uniform(0.0, LONGEST)
        survived = _release_killed_after(chaotic, f"try-{attempt}", moment)
        if survived:
            assert _artifacts(chaotic.out / "runs" / f"try-{attempt}") == wanted
            shutil.rmtree(chaotic.out)  # everything is built: begin again from nothing
            continue
        killed += 1
        _check_remains(chaotic, f"try-{attempt}")
        with capsys.disabled():
            print(f"  killed {killed} of {KILLS}, {moment:.1f} s after its start", flush=True)
        if killed == KILLS:
            break

    finished = child.release(chaotic, "at-last")

    assert killed == KILLS
    assert (finished.status, finished.verdict["verdict"]) == (0, "released"), finished.output[-2000:]
    assert _artifacts(finished.run) == wanted


def _release_killed_after(line: Line, run_id: str, seconds: float) -> bool:
    """Begin a release and kill all its processes; True where it had ended, and green, by then."""
    begun = subprocess.Popen(
        child.command(line, run_id, "-n2"),
        cwd=child.ROOT,
        env=child.environment({}),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        status = begun.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(begun.pid, signal.SIGKILL)
        begun.wait()
        time.sleep(0.2)  # the group's other processes need a moment to be gone
        return False
    assert status == 0, f"{run_id} ended with {status} and nobody had killed it"
    return True


def _check_remains(line: Line, run_id: str) -> None:
    """Check that the remains of a killed run say only that it was not finished."""
    run = line.out / "runs" / run_id
    if not every(journal.read(run / "evidence"), RunOpened):
        return
    word = rejudge.judge(run)["verdict"]
    published = (line.out / "releases" / f"tiny-{run_id}").exists()
    assert word == "incomplete" or (run / "verdict.json").exists(), word
    assert not published or word == "released"


def _artifacts(run: Path) -> dict[tuple[str, str], str]:
    """Name and key of everything that a run rested on -> digest of its content."""
    used = every(journal.read(run / "evidence"), ArtifactUsed)
    return {(one.name, one.key): one.digest for one in used}
