"""What this machine has for a run: room below a folder, memory, the GPU's. Told in milliseconds, without torch."""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

_CONTAINERS = (
    ("sys/fs/cgroup", "memory.max", "memory.current"),
    ("sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes"),
)
"""Where a container's own limit stands and what it uses of it, in both versions of cgroups."""
_FILE_PAGES = re.compile(r"^(?:in)?active_file (\d+)$", re.MULTILINE)
NO_LIMIT = 2**60
"""The first version writes a number of pages that no machine has, where the second writes "max"."""


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
    found = [_available(root / "proc/meminfo"), *(_left(root / place, *names) for place, *names in _CONTAINERS)]
    known = [one for one in found if one is not None]
    return min(known) if known else None


def _available(meminfo: Path) -> int | None:
    try:
        found = re.search(r"^MemAvailable:\s+(\d+) kB", meminfo.read_text(encoding="ascii"), re.MULTILINE)
    except (OSError, UnicodeDecodeError):
        return None
    return int(found[1]) * 1024 if found else None


def _left(place: Path, limit: str, used: str) -> int | None:
    """What a container may still take; None where it has no limit. Pages of files count as used there, and are given
    back when memory is short."""
    try:
        most, now = (int((place / name).read_text(encoding="ascii")) for name in (limit, used))
        files = sum(map(int, _FILE_PAGES.findall((place / "memory.stat").read_text(encoding="ascii"))))
    except (OSError, ValueError):
        return None
    return None if most >= NO_LIMIT else max(0, most - max(0, now - files))


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
