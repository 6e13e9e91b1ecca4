"""What this machine has for a run: room below a folder, memory, the GPU's. Told in milliseconds, without torch."""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

_LIMITS = (
    ("sys/fs/cgroup/memory.max", "sys/fs/cgroup/memory.current"),
    ("sys/fs/cgroup/memory/memory.limit_in_bytes", "sys/fs/cgroup/memory/memory.usage_in_bytes"),
)
"""A container's own limit and what it uses of it, in both versions of cgroups."""


@dataclass(frozen=True, slots=True)
class Means:
    """In bytes; None where it cannot be told, which refuses nothing."""

    disk: int
    memory: int | None
    gpu: int | None
    """Free on the GPU that would be used; None too where there is none, or where torch was built without CUDA."""


def of_machine(store: Path) -> Means:
    return Means(free_disk(store), free_memory(), free_on_gpu())


def free_disk(folder: Path) -> int:
    """Below a folder that need not be there yet."""
    there = next(place for place in (folder, *folder.parents) if place.exists())
    return shutil.disk_usage(there).free


def free_memory(root: Path = Path("/")) -> int | None:
    """What the system can give without swapping, or what a container may still take, whichever is less."""
    found = [_available(root / "proc/meminfo"), *(_left(root / limit, root / used) for limit, used in _LIMITS)]
    known = [one for one in found if one is not None]
    return min(known) if known else None


def _available(meminfo: Path) -> int | None:
    try:
        found = re.search(r"^MemAvailable:\s+(\d+) kB", meminfo.read_text(encoding="ascii"), re.MULTILINE)
    except (OSError, UnicodeDecodeError):
        return None
    return int(found[1]) * 1024 if found else None


def _left(limit: Path, used: Path) -> int | None:
    """What a container may still take; None where it has no limit. Pages of files, which it can give back, are counted
    as used, so a quarter of the limit is taken to be left in any case."""
    try:
        most, now = int(limit.read_text(encoding="ascii")), int(used.read_text(encoding="ascii"))
    except (OSError, ValueError):  # "max"
        return None
    return max(most - now, most // 4) if most < 2**60 else None


def free_on_gpu() -> int | None:
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible == "" or shutil.which("nvidia-smi") is None or _torch_is_cpu_only():
        return None
    chosen = [f"--id={visible}"] if visible else []
    command = ["nvidia-smi", *chosen, "--query-gpu=memory.free", "--format=csv,noheader,nounits"]
    try:
        said = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True).stdout
        return int(said.splitlines()[0]) * 2**20
    except (OSError, ValueError, IndexError, subprocess.SubprocessError):
        return None


def _torch_is_cpu_only() -> bool:
    try:
        return importlib.metadata.version("torch").endswith("+cpu")
    except importlib.metadata.PackageNotFoundError:
        return True
