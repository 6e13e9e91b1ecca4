"""With what llama.cpp computes in this run: what ``[gates.gguf]`` asks for, on what this machine has."""

from __future__ import annotations

from harness.engines.llama_compute import ALL, Compute
from harness.errors import ToolchainError
from harness.gguf import requests
from harness.gguf.toolchain import gpus
from harness.gguf.toolchain.backends import CPU, CUDA
from harness.gguf.toolchain.find import LIBRARY, Toolchain
from harness.gguf.toolchain.gpus import Seen
from harness.spec.objects import Spec


def of(spec: Spec, toolchain: Toolchain) -> Compute:
    """Threads, and layers on the first GPU: those that the spec asks for, or else all where this llama.cpp finds one.

    Raises:
        ToolchainError: layers are asked for, and it finds no GPU; or it cannot be asked for GPUs.
    """
    wanted, seen = requests.settings(spec).n_gpu_layers, of_machine(toolchain)
    if wanted and not seen.gpus:
        raise ToolchainError(
            f"gates.gguf.n_gpu_layers = {wanted} asks for layers on a GPU, and this llama.cpp ({toolchain.folder}) "
            f"{_why_none(toolchain)}, set it to 0, or leave it out to have it use what there is"
        )
    layers = (ALL if seen.gpus else 0) if wanted is None else wanted
    return Compute(requests.threads(spec), layers, next(iter(seen.gpus), ""), seen.software)


def _why_none(toolchain: Toolchain) -> str:
    """Why a llama.cpp finds no GPU, and the first part of the mend."""
    if toolchain.backend == CPU.name:
        return f"was built for processors alone: run {CUDA.make} on the machine with the GPU"
    built = "" if toolchain.backend == CUDA.name else " (was it built for one?)"
    return f"finds none here{built}: see nvidia-smi and CUDA_VISIBLE_DEVICES"


def of_machine(toolchain: Toolchain) -> Seen:
    """The GPUs that this llama.cpp sees here.

    Raises:
        ToolchainError: it cannot be asked.
    """
    return gpus.seen(toolchain.libraries, LIBRARY, tuple(sorted(toolchain.environment().items())))
