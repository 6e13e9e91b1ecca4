"""Which GPUs a llama.cpp sees, by its own word, asked in a child process: its drivers may end a process.

Run as a program it is that child: it loads the library, and prints one JSON line.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

SECONDS = 120.0
"""Time limit of the child in seconds. A driver that wakes up may take ten."""
GPU, INTEGRATED = 1, 2
"""Kinds of devices in ``ggml-backend.h``, ``enum ggml_backend_dev_type``: 0 is the CPU, 3 an accelerator of the CPU."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a llama.cpp can compute on beside the CPU."""

    gpus: tuple[str, ...] = ()
    """``CUDA0: NVIDIA A100-SXM4-40GB``, in llama.cpp's own order."""
    software: Mapping[str, str] = field(default_factory=dict)
    """Library of the driver or of CUDA -> the file that is loaded, whose name ends in its version."""


@cache
def seen(libraries: Path, library: str, environment: tuple[tuple[str, str], ...]) -> Seen:
    """The GPUs that a llama.cpp finds on this machine now; asked once a process.

    Args:
        libraries: folder of its libraries.
        library: name of the one that holds llama.cpp's interface.
        environment: variables of the child, as sorted pairs.

    Raises:
        ToolchainError: it cannot be asked.
    """
    from harness.engines import native
    from harness.errors import ToolchainError

    command: list[str | Path] = [sys.executable, "-P", __file__, libraries / library]
    ended = native.run(command, SECONDS, env=dict(environment))
    try:
        told = json.loads(ended.out.splitlines()[-1]) if ended.ok else {}
        return Seen(tuple(told["gpus"]), dict(told["software"]))
    except (ValueError, LookupError, TypeError) as error:
        raise ToolchainError(f"llama.cpp does not say which GPUs it sees: {ended.explain()}") from error


def main(library: str) -> None:
    """In the child: print the GPUs, and the files of NVIDIA's that were loaded for them."""
    import ctypes

    llama: Any = ctypes.CDLL(library)
    llama.llama_backend_init()
    llama.ggml_backend_load_all()
    llama.ggml_backend_dev_count.restype = ctypes.c_size_t
    llama.ggml_backend_dev_get.restype = ctypes.c_void_p
    llama.ggml_backend_dev_get.argtypes = [ctypes.c_size_t]
    llama.ggml_backend_dev_type.argtypes = [ctypes.c_void_p]
    for name in ("ggml_backend_dev_name", "ggml_backend_dev_description"):
        getattr(llama, name).restype, getattr(llama, name).argtypes = ctypes.c_char_p, [ctypes.c_void_p]
    devices = [llama.ggml_backend_dev_get(number) for number in range(llama.ggml_backend_dev_count())]
    gpus = [
        f"{llama.ggml_backend_dev_name(one).decode()}: {llama.ggml_backend_dev_description(one).decode()}"
        for one in devices
        if llama.ggml_backend_dev_type(one) in (GPU, INTEGRATED)
    ]
    print(json.dumps({"gpus": gpus, "software": _loaded(Path("/proc/self/maps")) if gpus else {}}))


def _loaded(maps: Path) -> dict[str, str]:
    """``libcublas`` -> ``libcublas.so.12.4.5.8``: what this process has loaded of CUDA and of the driver."""
    lines = maps.read_text(encoding="utf-8").splitlines() if maps.is_file() else []
    names = {Path(line.split(maxsplit=5)[5]).name for line in lines if line.count(" ") > 4 and "/" in line}
    return {name.partition(".")[0]: name for name in sorted(names) if name.startswith(("libcu", "libnvidia"))}


if __name__ == "__main__":
    main(sys.argv[1])
