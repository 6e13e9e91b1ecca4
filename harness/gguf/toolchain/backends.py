"""What a llama.cpp is built to compute on: processors alone, or NVIDIA GPUs as well.

A build for GPUs has other libraries, so its digest, and with it every key of what it makes, is another.
"""

from __future__ import annotations

import ctypes
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass

from harness.engines.llama_compute import ALL
from harness.errors import ToolchainError

DRIVER = "libcuda.so.1"
"""What every program of a CUDA build is linked to: without NVIDIA's driver none of them starts."""


@dataclass(frozen=True, slots=True)
class Backend:
    name: str
    cmake: tuple[str, ...] = ()
    """Its options of cmake, beside those of every build."""
    make: str = "make llama-cpp"
    """The command that builds it."""
    layers: int = 0
    """Layers of the model that proves a build which must lie on a GPU."""
    architectures: str = ""
    """GPUs to compile for, as ``CMAKE_CUDA_ARCHITECTURES`` has them; "" for those that llama.cpp chooses, which run on
    every GPU of the last years and take longest to compile."""

    @property
    def options(self) -> tuple[str, ...]:
        """What cmake is told."""
        named = (f"-DCMAKE_CUDA_ARCHITECTURES={self.architectures}",) if self.architectures else ()
        return (*self.cmake, *named)


CPU = Backend("cpu")
CUDA = Backend("cuda", ("-DGGML_CUDA=ON",), "make llama-cpp CUDA=1", ALL)
BACKENDS = {one.name: one for one in (CPU, CUDA)}


def driver() -> bool:
    """Whether NVIDIA's driver is here."""
    try:
        ctypes.CDLL(DRIVER)
    except OSError:
        return False
    return True


def check(backend: Backend, environment: Mapping[str, str]) -> None:
    """Refuse a CUDA build that could not be compiled, or that could not be tried out.

    Raises:
        ToolchainError: there is no nvcc, or no driver.
    """
    if backend.name != CUDA.name:
        return
    if _nvcc(environment) is None:
        raise ToolchainError(
            "llama.cpp cannot be built for CUDA: there is no nvcc, neither on PATH nor named by CUDACXX or CUDA_PATH; "
            "install NVIDIA's CUDA toolkit (nvcc, cudart and cuBLAS with their headers), put its bin on PATH, often "
            f"/usr/local/cuda/bin, and run {CUDA.make}"
        )
    if not driver():
        raise ToolchainError(
            f"llama.cpp cannot be built for CUDA here: there is no NVIDIA driver ({DRIVER}), and what is built is kept "
            f"only once a model ran on a GPU with it; run {CUDA.make} on the machine with the GPU"
        )


def _nvcc(environment: Mapping[str, str]) -> str | None:
    """The compiler of CUDA that cmake would take; None where there is none."""
    named = environment.get("CUDACXX", "").split()[:1]
    places = [environment.get("PATH", ""), *([f"{root}/bin"] if (root := environment.get("CUDA_PATH")) else [])]
    return next(filter(None, (shutil.which(name, path=os.pathsep.join(places)) for name in (*named, "nvcc"))), None)
