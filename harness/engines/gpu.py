"""What of an NVIDIA GPU and its software is known to change results, for the keys of what is computed on it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from functools import lru_cache
from pathlib import Path
from typing import Any

from harness.engines.processor import NVIDIA
from harness.errors import EngineError
from harness.project import ROOT
from harness.store import digests

_VERSION = re.compile(r"NVRM version:.*?\s(?P<version>\d+(?:\.\d+)+)\s")
OVERRIDES = ("NVIDIA_TF32_OVERRIDE", "CUBLAS_WORKSPACE_CONFIG", "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE")
"""Variables of the environment that decide what products on a GPU are computed with."""


def found() -> bool:
    """Whether torch finds a CUDA device. A torch that was built for processors alone finds none; it is not imported to
    be asked."""
    if digests.of_versions(("torch",))["torch"].endswith("+cpu"):
        return False
    import torch

    return torch.cuda.is_available()


@lru_cache
def asked_apart() -> dict[str, Any]:
    """``device``, the card's name, and `settings`, as another process finds them: one that asked by itself would hold
    some of the card's memory for as long as it lives.

    Raises:
        EngineError: that process failed.
    """
    told = subprocess.run(
        [sys.executable, "-m", "harness.engines.gpu"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if told.returncode:
        raise EngineError(f"the GPU cannot be asked what it is: {told.stderr.strip()[-500:]}")
    return dict(json.loads(told.stdout.splitlines()[-1]))


def settings() -> dict[str, object]:
    """Driver, CUDA and cuDNN, capability, TF32 and the kernels that attention may take. Asks torch, on a GPU alone, and
    initializes CUDA in this process."""
    import torch

    kernels: Any = torch.backends.cuda
    cudnn: Any = torch.backends.cudnn
    return {
        "driver": driver(),
        "cuda": torch.version.cuda,
        "cudnn": cudnn.version(),
        "capability": list(torch.cuda.get_device_capability()),
        "tf32": {"products": kernels.matmul.allow_tf32, "convolutions": cudnn.allow_tf32},
        "reduced": {
            "bfloat16": str(kernels.matmul.allow_bf16_reduced_precision_reduction),
            "float16": str(kernels.matmul.allow_fp16_reduced_precision_reduction),
        },
        "attention": {
            "flash": kernels.flash_sdp_enabled(),
            "memory": kernels.mem_efficient_sdp_enabled(),
            "cudnn": kernels.cudnn_sdp_enabled(),
            "plain": kernels.math_sdp_enabled(),
        },
        "environment": {name: os.environ.get(name, "") for name in OVERRIDES},
    }


def driver(told: Path = NVIDIA) -> str:
    """The version of the kernel's NVIDIA driver, ``535.129.03``; "" where the system does not say."""
    try:
        found = _VERSION.search(told.read_text(encoding="utf-8"))
    except OSError:
        return ""
    return found["version"] if found else ""


def main() -> None:
    import torch

    print(json.dumps({"device": torch.cuda.get_device_name(), "settings": settings()}))


if __name__ == "__main__":
    main()
