"""A GPU is one job's at a time, whoever wants it; shown with names of devices that no test computes on."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from harness.engines.progress import silent
from harness.errors import MeansError
from harness.jobs import devices
from harness.jobs.call import Call
from harness.jobs.job import Job
from harness.jobs.process import Process
from suites.selftest.jobs import work


def test_processes_never_share_a_device_and_none_waits_for_ever(tmp_path: Path) -> None:
    """Jobs for one device and for two, side by side on two: two that want both would each hold one without a queue."""
    used = tmp_path / "used"
    used.mkdir()

    def ask(number: int) -> int:
        folder = tmp_path / str(number) / "content"
        folder.mkdir(parents=True)
        wanted = 1 + number % 2
        given = {"names": ("0", "1"), "wanted": wanted, "place": tmp_path / "locks", "used": used}
        Process().run(Job(Call.of(work.use, **given), "use"), folder, silent)
        return len((folder / "got").read_text(encoding="utf-8").split())

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(ask, range(8))) == [1, 2] * 4
    assert list(used.iterdir()) == []


def test_a_device_is_free_again_when_its_job_has_ended(tmp_path: Path) -> None:
    for _ in range(2):
        with devices.held(2, ("0", "1"), tmp_path) as got:
            assert got == ("0", "1")


def test_more_than_the_machine_has_is_refused_with_both_numbers(tmp_path: Path) -> None:
    with (
        pytest.raises(MeansError, match=r"wants 3 GPUs, and this machine shows 2 \(0, 1\)"),
        devices.held(3, ("0", "1"), tmp_path),
    ):
        pass


def test_without_any_device_nothing_is_held_and_the_environment_says_nothing(tmp_path: Path) -> None:
    with devices.held(1, (), tmp_path) as got:
        assert (got, devices.environment(got)) == ((), {})
    assert list(tmp_path.iterdir()) == []


def test_a_process_that_may_use_some_devices_shares_out_those(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices.gpu, "found", lambda: True)
    monkeypatch.setenv(devices.VARIABLE, "GPU-b, 3")
    assert devices.visible() == ("GPU-b", "3")
    monkeypatch.setenv(devices.VARIABLE, "")
    assert devices.visible() == ()
