"""A job in a process of its own: what it wrote, what it said, and how it ended."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.engines.progress import silent
from harness.errors import AdapterError, DataError, GreenrunError, JobError, NoMemoryError, SmokeError
from harness.jobs import devices
from harness.jobs.call import Call
from harness.jobs.job import Job
from harness.jobs.process import Process
from harness.jobs.runner import Worker
from harness.project import ROOT
from suites.selftest.jobs import work


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "partial" / "content"
    made.mkdir(parents=True)
    return made


def job(function: Callable[..., None], **given: Any) -> Job:
    return Job(Call.of(function, **given), "adapter v3a multitask")


@pytest.mark.parametrize("runner", [Worker(), Process()], ids=["worker", "process"])
def test_a_job_fills_the_folder_and_tells_its_progress(runner: Worker | Process, folder: Path, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    runner.run(job(work.write, words=("one", "two"), place=tmp_path), folder, lambda *now: seen.append(now))
    told = json.loads((folder / "told.json").read_text(encoding="utf-8"))
    assert (told["words"], told["place"]) == (["one", "two"], str(tmp_path))
    assert (told["process"] == os.getpid()) == isinstance(runner, Worker)
    assert seen[-1] == (2, 2)
    assert sorted(path.name for path in folder.parent.iterdir()) == ["content"]


@pytest.mark.parametrize("how", ["adapter", "data", "smoke", "full"])
def test_an_error_that_is_raised_on_purpose_comes_back_as_itself(how: str, folder: Path) -> None:
    raised: Any = work.RAISED[how]
    with pytest.raises(type(raised)) as caught:
        Process().run(job(work.fail, how=how), folder, silent)
    found: Any = caught.value
    assert str(found) == str(raised)
    if isinstance(raised, OSError):
        assert found.errno == errno.ENOSPC  # the store says of it that the disk is full
    if isinstance(raised, DataError | SmokeError):
        assert found.args == raised.args or [*found.args] == [raised.args[0], [*raised.args[1]]]


def test_any_other_error_names_the_job_and_the_line(folder: Path) -> None:
    with pytest.raises(JobError, match=r"adapter v3a multitask: ValueError: seven is not six \(at .*work\.py:\d+\)"):
        Process().run(job(work.fail, how="bug"), folder, silent)


@pytest.mark.parametrize("runner", [Worker(), Process()], ids=["worker", "process"])
def test_memory_that_ran_out_is_told_as_that_and_as_nobodys_fault(runner: Worker | Process, folder: Path) -> None:
    with pytest.raises(
        NoMemoryError, match=r"memory ran out while building adapter v3a multitask: .* this machine has"
    ):
        runner.run(job(work.want_too_much), folder, silent)


def test_a_process_that_ended_for_lack_of_memory_says_so_in_its_last_words(folder: Path) -> None:
    with pytest.raises(NoMemoryError, match=r"adapter v3a multitask: .*Error out of memory at line 380"):
        Process().run(job(work.end_without_memory), folder, silent)


def test_a_process_that_was_killed_is_told_as_that_with_its_last_words(folder: Path) -> None:
    with pytest.raises(JobError, match="ended by SIGKILL, as the system ends a process where memory is out"):
        Process().run(job(work.die, by=int(signal.SIGKILL)), folder, silent)


def test_a_process_that_leaves_without_a_word_is_an_error(folder: Path) -> None:
    with pytest.raises(JobError, match="adapter v3a multitask: its process failed with exit status 3"):
        Process().run(job(work.leave), folder, silent)


def test_a_job_of_another_attempt_leaves_nothing_that_could_be_taken_for_this_ones(folder: Path) -> None:
    papers = folder.with_name("job")
    papers.mkdir()
    (papers / "outcome.json").write_text("{}", encoding="utf-8")
    with pytest.raises(JobError):
        Process().run(job(work.leave), folder, silent)


def test_the_devices_that_it_holds_are_the_only_ones_that_it_sees(
    folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(devices, "visible", lambda: ("GPU-0", "GPU-1"))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    Process().run(Job(Call.of(work.show_devices), "two", devices=2), folder, silent)
    assert (folder / "devices").read_text(encoding="utf-8") == "GPU-0,GPU-1"


def test_a_wait_that_is_ended_ends_the_job(folder: Path, tmp_path: Path) -> None:
    started = tmp_path / "started"

    def end(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Process().run(job(work.tell_and_wait, started=started), folder, end)
    assert not alive(int(started.read_text(encoding="utf-8")))


RUN = """
import sys
from pathlib import Path
from harness.engines.progress import silent
from harness.jobs.call import Call
from harness.jobs.job import Job
from harness.jobs.process import Process
from suites.selftest.jobs import work
Process().run(Job(Call.of(work.wait, started=Path(sys.argv[1])), "wait"), Path(sys.argv[2]), silent)
"""


def test_a_run_that_is_killed_leaves_no_job_behind(folder: Path, tmp_path: Path) -> None:
    started = tmp_path / "started"
    run = subprocess.Popen([sys.executable, "-c", RUN, str(started), str(folder)], cwd=ROOT)
    within(30, started.exists)
    child = int(started.read_text(encoding="utf-8"))
    run.kill()
    run.wait()
    within(30, lambda: not alive(child))


def within(seconds: float, holds: Callable[[], bool]) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.02)


def alive(process: int) -> bool:
    """Whether it runs; one that has ended and that nobody has asked for does not."""
    try:
        return Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_errors_of_the_harness_know_their_own_place() -> None:
    """An error is found again by module and name, so none may be made inside a function."""
    for kind in (GreenrunError, AdapterError, JobError):
        assert kind.__qualname__ in vars(sys.modules[kind.__module__])
