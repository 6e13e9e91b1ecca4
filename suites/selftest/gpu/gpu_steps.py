"""Steps for the GPU script's runner to run: one that works, and the ways in which one ends otherwise."""

from __future__ import annotations

import os
import signal
import time
from typing import Any

from harness.errors import TrainingError
from suites.gpu.outcome import NoDeviceError
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
