"""Limit torch to a set of the processor's instructions that many processors share.

Kernels for wider vectors add numbers in another order, so the same training gives other bytes: on one processor float32
losses agreed to 1e-5 between AVX2 and AVX512 kernels, and bfloat16 ones to 1e-2. Limited to AVX2, which every x86-64
server of the last ten years has, all processors use the same kernels, and an adapter that is trained on one of them has
the same bytes on all.
"""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Mapping, MutableMapping
from pathlib import Path

from harness.engines import elsewhere
from harness.errors import GreenrunError

CPUINFO = Path("/proc/cpuinfo")
NVIDIA = Path("/proc/driver/nvidia/version")

ATEN, ONEDNN, MKL = "ATEN_CPU_CAPABILITY", "ONEDNN_MAX_CPU_ISA", "MKL_CBWR"
"""Environment variables that limit torch's own kernels, oneDNN's and MKL's. Each is read once, when torch is
imported."""
_NO_MORE_THAN_AVX2 = {ATEN: ("default", "avx2"), ONEDNN: ("SSE41", "AVX", "AVX2"), MKL: ("COMPATIBLE", "AVX2")}
_BELOW_BFLOAT16 = ("SSE41", "AVX", "AVX2", "AVX2_VNNI", "AVX512_CORE", "AVX512_CORE_VNNI")
_BFLOAT16 = ("avx512_bf16", "amx_bf16")


def advertised(cpuinfo: Path = CPUINFO) -> frozenset[str]:
    """Instruction sets that the CPU advertises; empty where they cannot be read, and on machines other than x86-64."""
    if platform.machine() not in ("x86_64", "AMD64") or not cpuinfo.is_file():
        return frozenset()
    for line in cpuinfo.read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "flags":
            return frozenset(value.split())
    return frozenset()


def hold(instructions: str, environment: MutableMapping[str, str] = os.environ) -> None:
    """Limit torch to a set of instructions, in this process and in those that it starts.

    Args:
        instructions: ``avx2``, or ``native`` for all that the processor has. A lower limit that is set already stays.

    Raises:
        GreenrunError: torch was imported before, with wider instructions: it reads its limits only once.
    """
    if instructions == "native":
        return
    for name, lower in _NO_MORE_THAN_AVX2.items():
        if environment.get(name, "") not in lower:
            environment[name] = lower[-1]
    torch = sys.modules.get("torch") if environment is os.environ else None
    if torch is not None and "512" in torch.backends.cpu.get_cpu_capability():
        raise GreenrunError(
            f'release.instructions = "{instructions}" cannot be kept: something imported torch before the release was '
            f"configured; leave that plugin out, or set {ATEN}=avx2 in the environment"
        )


def multiplies_bfloat16(
    flags: frozenset[str] | None = None, environment: Mapping[str, str] = os.environ, nvidia: Path = NVIDIA
) -> bool | None:
    """Whether this machine has instructions for products in bfloat16; None where it cannot be told.

    Without them each product is emulated: training took 21 times as long on a machine with AVX2 alone. Where other
    machines do the jobs, theirs are meant.
    """
    if flags is None and (nodes := elsewhere.told()) is not None:
        return nodes.bfloat16
    if nvidia.exists():
        return True
    known = advertised() if flags is None else flags
    if not known:
        return None
    return environment.get(ONEDNN, "") not in _BELOW_BFLOAT16 and not known.isdisjoint(_BFLOAT16)
