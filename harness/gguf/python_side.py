"""What of Python belongs to a llama.cpp: its binding and what the converter imports, in a folder of their own.

A folder on the children's path leaves the virtual environment alone: no package here can change what trains.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from harness.gguf.errors import ToolchainError

BUILD_TOOLS = ("scikit-build-core", "packaging", "pathspec")
"""The binding's build backend and what it imports."""
RUNTIME = ("diskcache", "sentencepiece")
"""Imported by llama-cpp-python and by the converter, absent from the virtual environment; the rest is there."""
CONSTRAINTS = Path(__file__).resolve().parent.parent.parent / "constraints.txt"
SECONDS = 600


def build_tools(folder: Path) -> dict[str, str]:
    """The environment of a build: its backend, and cmake and ninja where the system has none, come from wheels."""
    wanted = [*BUILD_TOOLS, *(name for name in ("cmake", "ninja") if shutil.which(name) is None)]
    if not (folder / "ready").is_file() or (folder / "ready").read_text(encoding="utf-8") != " ".join(wanted):
        shutil.rmtree(folder, ignore_errors=True)
        pip_install(folder, wanted, dict(os.environ))
        (folder / "ready").write_text(" ".join(wanted), encoding="utf-8")
    path = os.pathsep.join([str(folder / "bin"), os.environ.get("PATH", "")])
    return {**os.environ, "PATH": path, "PYTHONPATH": str(folder)}


def install_binding(source: Path, folder: Path, environment: Mapping[str, str]) -> None:
    """Install llama-cpp-python without libraries of its own: it loads those in ``LLAMA_CPP_LIB_PATH``.

    Raises:
        ToolchainError: pip says why.
    """
    pip_install(folder, list(RUNTIME), dict(environment))
    options = {"CMAKE_ARGS": "-DLLAMA_BUILD=OFF -DLLAVA_BUILD=OFF"}
    pip_install(folder, ["--no-build-isolation", str(source)], {**environment, **options})


def pip_install(folder: Path, wanted: list[str], environment: dict[str, str]) -> None:
    """``pip install --target``, pinned by constraints.txt.

    Raises:
        ToolchainError: pip failed; says what of it to show and the mend.
    """
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--upgrade", "--target", str(folder)]
    command += ["-c", str(CONSTRAINTS), *wanted]
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise ToolchainError(f"pip was still installing {' '.join(wanted)} after {SECONDS} s; try again") from error
    if done.returncode != 0:
        lines = [line for line in done.stderr.splitlines() if line.strip()][-4:]
        raise ToolchainError(
            f"pip could not install {' '.join(wanted)}: {' '.join(lines)[:800]}; give pip access to a package index, "
            "or name a built llama.cpp with --llama-cpp=DIR"
        )
