"""Steps for the GPU script's runner to run: one that works, and the ways in which one ends otherwise."""

from __future__ import annotations

import os
import signal
import time
from typing import Any

from harness.errors import TrainingError
from suites.gpu import partial
from suites.gpu.outcome import NoDeviceError, NoRoomError, UnfinishedError
from suites.gpu.settings import Settings


def works(settings: Settings, number: int = 1) -> dict[str, Any]:
    return {"free_bytes": number}


def raises(settings: Settings) -> dict[str, Any]:
    raise TrainingError("planted | in a step")


def dies(settings: Settings) -> dict[str, Any]:
    os.kill(os.getpid(), signal.SIGSEGV)
    return {}


def hangs(settings: Settings) -> dict[str, Any]:
    time.sleep(600)
    return {}


def has_no_device(settings: Settings) -> dict[str, Any]:
    raise NoDeviceError("no card here")


def has_no_room(settings: Settings) -> dict[str, Any]:
    raise NoRoomError("16.4 GB have no room")


def hangs_after_a_round(settings: Settings) -> dict[str, Any]:
    partial.keep(settings.work, "8b-qlora", ONE_ROUND)
    time.sleep(600)
    return {}


def dies_after_a_round(settings: Settings) -> dict[str, Any]:
    partial.keep(settings.work, "8b-qlora", ONE_ROUND)
    os.kill(os.getpid(), signal.SIGKILL)
    return {}


def comes_to_its_limit(settings: Settings) -> dict[str, Any]:
    raise UnfinishedError("ended after 485 s", UNFINISHED)


ONE_ROUND: dict[str, Any] = {
    "scale": "8b",
    "rows": 2,
    "tokens": 1024,
    "rounds": [{"by": "own", "tokens_per_second": 5000.0, "peak_bytes": 21 * 10**9, "loss": 12.0}],
}
UNFINISHED: dict[str, Any] = {
    "ended": False,
    "seconds": 485.0,
    "workers": 4,
    "verdict": "incomplete",
    "gates": {"passed": 40, "not_run": 71},
    "red": [],
    "reasons": ["the run died before it wrote a verdict"],
}
