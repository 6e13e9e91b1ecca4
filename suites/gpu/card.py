"""How much of the card is in use, whoever uses it, as its driver counts: the proof that an ended job holds nothing."""

from __future__ import annotations

import os
import time
from typing import Any, Literal

Device = Literal["cuda", "cpu"]
WAIT = 5.0
"""Most seconds that a driver is given to take back what an ended process held."""


def used(device: Device) -> int | None:
    """Bytes in use of the first card that is visible; None on a processor, or where the driver cannot be asked.

    Asked through NVML, which takes none of the card's memory and some milliseconds.
    """
    if device == "cpu":
        return None
    try:
        import pynvml
    except ImportError:
        return None
    try:
        pynvml.nvmlInit()  # counted: a second time costs nothing
        return int(pynvml.nvmlDeviceGetMemoryInfo(_first(pynvml)).used)
    except pynvml.NVMLError:
        return None


def given_back(device: Device, before: int | None) -> int | None:
    """Bytes in use once they are no more than `before`, or after `WAIT` seconds: a killed process is cleared away by
    and by."""
    until = time.monotonic() + WAIT
    while (now := used(device)) is not None and before is not None and now > before and time.monotonic() < until:
        time.sleep(0.1)
    return now


def _first(pynvml: Any) -> Any:
    """The card that CUDA takes for its first: ``CUDA_VISIBLE_DEVICES`` counts cards or names them."""
    name = os.environ.get("CUDA_VISIBLE_DEVICES", "0").split(",")[0]
    asked = pynvml.nvmlDeviceGetHandleByIndex if name.isdigit() else pynvml.nvmlDeviceGetHandleByUUID
    return asked(int(name) if name.isdigit() else name)
