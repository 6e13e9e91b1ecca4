"""GPUs that one job at a time has, whichever workers and runs of this machine want them."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from harness.engines import gpu
from harness.errors import MeansError

VARIABLE = "CUDA_VISIBLE_DEVICES"
TRIED_EVERY = 0.1
"""Seconds between two tries for a device that others have."""


def visible() -> tuple[str, ...]:
    """The GPUs that this process may use, as `VARIABLE` names them; () on a machine without any.

    CUDA is not initialized here: a context would hold memory for as long as the process lives.
    """
    if not gpu.found():
        return ()
    named = os.environ.get(VARIABLE)
    if named is not None:
        return tuple(one.strip() for one in named.split(",") if one.strip())
    return _of_system() or _by_number()


def _of_system() -> tuple[str, ...]:
    """The identifiers that nvidia-smi gives, which mean the same card to every process."""
    try:
        told = subprocess.run(
            ["nvidia-smi", "--query-gpu=uuid", "--format=csv,noheader"],
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
    except (OSError, subprocess.SubprocessError):
        return ()
    return tuple(told.stdout.split())


def _by_number() -> tuple[str, ...]:
    import torch

    return tuple(map(str, range(torch.cuda.device_count())))


def environment(names: Sequence[str]) -> dict[str, str]:
    """What the environment of a process says that may use these devices alone; nothing where there are none."""
    return {VARIABLE: ",".join(names)} if names else {}


@contextmanager
def held(wanted: int, names: Sequence[str], place: Path | None = None) -> Iterator[tuple[str, ...]]:
    """As many of the named devices as are wanted, while the context lasts; () where there are none at all.

    Waits while others have them. Who wants several waits first in the queue until they are free, so that nobody holds
    one and waits for another.

    Args:
        place: folder of the locks; by default one that all runs of this user share.

    Raises:
        MeansError: the machine has fewer.
    """
    if not names or not wanted:
        yield ()
        return
    if wanted > len(names):
        raise MeansError(f"a job wants {wanted} GPUs, and this machine shows {len(names)} ({', '.join(names)})")
    folder = place or Path(tempfile.gettempdir()) / f"greenrun-devices-{os.getuid()}"
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        with FileLock(folder / "queue.lock"):
            got: list[str] = []
            while len(got) < wanted:
                free = next((one for one in names if one not in got and _taken(stack, folder, one)), None)
                if free is None:
                    time.sleep(TRIED_EVERY)
                else:
                    got.append(free)
        yield tuple(sorted(got, key=list(names).index))


def _taken(stack: ExitStack, folder: Path, name: str) -> bool:
    """Whether the device was free, and is this context's from now on."""
    try:
        stack.enter_context(FileLock(folder / f"{name.replace('/', '_')}.lock", timeout=0))
    except Timeout:
        return False
    return True
