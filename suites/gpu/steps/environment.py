"""The environment of the figures: card, driver, library versions, and free memory."""

from __future__ import annotations

import platform
import subprocess
from typing import Any

from harness.store import digests
from suites.gpu.settings import Settings
from suites.gpu.steps import device

LIBRARIES = ("torch", "bitsandbytes", "transformers", "peft", "accelerate", "tokenizers")


def environment(settings: Settings) -> dict[str, Any]:
    import torch

    device.require(settings)
    figures: dict[str, Any] = {
        "python": platform.python_version(),
        "versions": dict(digests.of_versions(LIBRARIES)),
        "cuda": torch.version.cuda,
        "card": None,
        "free_bytes": device.free(settings),
    }
    if settings.device == "cuda":
        card = torch.cuda.get_device_properties(0)
        figures |= {
            "card": card.name,
            "bytes": card.total_memory,
            "capability": f"{card.major}.{card.minor}",
            "driver": _driver(),
        }
    return figures


def memory(settings: Settings) -> dict[str, Any]:
    """The free memory again, after all earlier steps have ended."""
    device.require(settings)
    return {"free_bytes": device.free(settings)}


def _driver() -> str | None:
    command = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return next(iter(done.stdout.split()), None)
