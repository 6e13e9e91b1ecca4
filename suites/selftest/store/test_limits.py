"""A stage that hangs is ended and named, whether it still runs Python code or not."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from harness.errors import StageTimeoutError
from harness.store.artifact import Key
from harness.store.deadline import KNOCK, STUCK, within
from harness.store.store import Store
from suites.tiny.child import ROOT

UNREACHABLE = """
import signal, time
from harness.store.deadline import within
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGVTALRM])
with within("building adapter v3a", 0.1, print, grace=1):
    time.sleep(60)
"""


def unheard(text: str) -> None:
    raise AssertionError(f"nothing had to be said: {text}")


def test_a_stage_over_its_limit_is_ended_and_named() -> None:
    told = r"building adapter v3a: still at work after its limit of 0\.05 s"
    with pytest.raises(StageTimeoutError, match=told), within("building adapter v3a", 0.05, unheard):
        time.sleep(30)


def test_a_stage_within_its_limit_is_left_alone() -> None:
    before = signal.getsignal(KNOCK)
    with within("quick", 0.05, unheard):
        pass
    time.sleep(0.2)
    assert signal.getsignal(KNOCK) is before


def test_a_stage_that_swallows_the_exception_is_told_again() -> None:
    told = 0
    with within("stubborn", 0.05, unheard):
        while told < 2:
            try:
                time.sleep(30)
            except StageTimeoutError:
                told += 1
            else:
                pytest.fail("slept to the end, and nobody told it")


def test_a_stage_that_waits_for_another_thread_is_ended() -> None:
    with pytest.raises(StageTimeoutError), within("waiting", 0.05, unheard):
        threading.Event().wait()


def test_a_process_that_no_longer_reacts_says_why_and_ends() -> None:
    done = subprocess.run([sys.executable, "-c", UNREACHABLE], cwd=ROOT, capture_output=True, text=True, timeout=30)

    assert done.returncode == STUCK
    assert "building adapter v3a: still at work" in done.stdout
    assert "was ended" in done.stdout


def test_a_build_that_hangs_leaves_nothing_and_is_not_tried_again(tmp_path: Path) -> None:
    store = Store(tmp_path / "store", failures=tmp_path / "failures", limits={"adapter": 0.05})
    key = Key("adapter", "v3a style", {})

    with pytest.raises(StageTimeoutError, match="building adapter v3a style"):
        store.fetch(key, lambda folder: time.sleep(30))

    assert store.find(key) is None
    with pytest.raises(Exception, match="failed earlier in this run: StageTimeoutError"):
        store.fetch(key, lambda folder: None)
