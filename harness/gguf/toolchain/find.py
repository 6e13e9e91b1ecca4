"""Find a usable llama.cpp: where its tools are, a digest of its files, and how to run them."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.engines import native
from harness.errors import ToolchainError
from harness.gguf.toolchain import source
from harness.gguf.toolchain.backends import CPU
from harness.store import digests

TOOLS = ("llama-quantize", "llama-completion", "llama-cli")
CONVERTER = "convert_hf_to_gguf.py"
LORA_CONVERTER = "convert_lora_to_gguf.py"
"""The converter of adapters, in the folder of the converter of checkpoints."""
MANIFEST = "toolchain.json"
LIBRARY = "libllama.so"
VERSION_SECONDS = 60.0
"""Time limit for a tool to print its version, in seconds. It takes a tenth of one; the rest is for a machine under
load."""
_ASKING = {"llama-quantize": ("no-such-file.gguf", "no-such-file-either.gguf", "Q4_0")}
"""Tools without ``--version`` -> arguments with which they print it before they fail."""
_INSTALL = "run make llama-cpp, or name a built llama.cpp with --llama-cpp=DIR"


@dataclass(frozen=True, slots=True)
class Toolchain:
    """One llama.cpp: tools, libraries, converter and Python binding of one version."""

    folder: Path
    tools: Mapping[str, Path]
    libraries: Path
    """Folder that holds ``libllama.so`` and ggml's, for ``LLAMA_CPP_LIB_PATH``."""
    converter: Path
    python: Path | None
    """Folder with the Python binding and what the converter imports; None where the environment has them."""
    instructions: str
    """Name of the instruction set that it was built for; "unknown" where it was not built here."""
    digest: str
    """SHA-256 over all files that convert, quantize or answer: part of the key of whatever they make."""
    backend: str = "unknown"
    """Name of what it was built to compute on (`harness.gguf.toolchain.backends`)."""

    @property
    def lora_converter(self) -> Path:
        """The converter of adapters; a llama.cpp that was not built here may lack it."""
        return self.converter.with_name(LORA_CONVERTER)

    def environment(self) -> dict[str, str]:
        """Environment for child processes: this process's own, and `variables`."""
        mine = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        return {**mine, **self.variables()}

    def variables(self) -> dict[str, str]:
        """What child processes are told beside: the binding importable, these libraries, no network."""
        paths = [str(self.python)] if self.python else []
        paths += [path for path in [os.environ.get("PYTHONPATH", "")] if path]
        return {
            "PYTHONPATH": os.pathsep.join(paths),
            "LLAMA_CPP_LIB_PATH": str(self.libraries),
            "LD_LIBRARY_PATH": os.pathsep.join(
                [str(self.libraries), *filter(None, [os.environ.get("LD_LIBRARY_PATH", "")])]
            ),
            "HF_HUB_OFFLINE": "1",
        }


def find(named: Path | None, built: Path) -> Toolchain:
    """The named toolchain, or the one that was built at `built`.

    Raises:
        ToolchainError: there is none, or parts are missing; with the mend, and why building it failed if it was tried.
    """
    if named is not None:
        return at(named)
    if not (built / MANIFEST).is_file():
        note = built.with_name(f"{built.name}.failed")
        why = f" {note.read_text(encoding='utf-8').strip()}" if note.is_file() else f" {_INSTALL}"
        raise ToolchainError(f"no llama.cpp was built:{why}")
    return at(built)


def at(folder: Path) -> Toolchain:
    """The toolchain in a folder: one that was built here, a build tree of llama.cpp, or an installed prefix.

    Raises:
        ToolchainError: parts of it are missing; all of them are named.
    """
    if not folder.is_dir():
        raise ToolchainError(f"{folder} is not a folder; {_INSTALL}")
    places = (folder / "bin", folder / "build" / "bin", folder)
    tools = {name: _first(places, name) for name in TOOLS}
    library = _first((*places, folder / "lib", folder / "lib64"), LIBRARY)
    converter = _first((folder / "convert", folder, folder / "bin"), CONVERTER)
    missing = [name for name, path in {**tools, LIBRARY: library, CONVERTER: converter}.items() if path is None]
    if missing or library is None or converter is None:
        raise ToolchainError(f"{folder} holds no {', '.join(missing)}; {_INSTALL}")
    found = {name: path for name, path in tools.items() if path is not None}
    manifest = _manifest(folder)
    python = folder / "python" if (folder / "python").is_dir() else None
    return Toolchain(
        folder=folder,
        tools=found,
        libraries=library.parent,
        converter=converter,
        python=python,
        instructions=str(manifest.get("instructions", "unknown")),
        digest=_digest(found, library.parent, converter, python),
        backend=str(manifest.get("backend", CPU.name if manifest else "unknown")),
    )


def _first(places: tuple[Path, ...], name: str) -> Path | None:
    return next((place / name for place in places if (place / name).is_file()), None)


def _manifest(folder: Path) -> dict[str, object]:
    try:
        loaded = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return loaded if isinstance(loaded, dict) else {}


def _digest(tools: Mapping[str, Path], libraries: Path, converter: Path, python: Path | None) -> str:
    """SHA-256 over tools, all libraries beside them, and the sources of converter and binding; compiled Python is left
    out."""
    total = hashlib.sha256()
    for name, path in sorted(_files(tools, libraries, converter, python)):
        total.update(f"{name}\0{digests.of_file(path)}\n".encode())
    return total.hexdigest()


def _files(
    tools: Mapping[str, Path], libraries: Path, converter: Path, python: Path | None
) -> Iterator[tuple[str, Path]]:
    yield from tools.items()
    for path in libraries.glob("*.so*"):
        yield f"lib/{path.name}", path
    for path in filter(Path.is_file, (converter, converter.with_name(LORA_CONVERTER))):
        yield path.name, path
    for folder in (converter.parent / "conversion", converter.parent / "gguf-py" / "gguf"):
        for path in folder.rglob("*.py"):
            yield f"{folder.name}/{path.relative_to(folder)}", path
    for path in (python / "llama_cpp").rglob("*.py") if python else ():
        yield f"llama_cpp/{path.relative_to(python or path)}", path


@dataclass(frozen=True, slots=True)
class Asked:
    """The versions that the tools of a toolchain report."""

    versions: Mapping[str, str]
    """Tool -> its version line; also for the binding and the converter's gguf package."""
    problems: tuple[str, ...]
    """What is wrong, a sentence each; empty for a toolchain that can be used."""


def ask(toolchain: Toolchain, wanted: str = source.COMMIT) -> Asked:
    """Run every tool once for its version, each in a process of its own.

    Args:
        wanted: text that every tool's version must hold; the pinned one unless the spec names another.
    """
    versions: dict[str, str] = {}
    problems: list[str] = []
    for name, path in toolchain.tools.items():
        said = _say_version([path, *_ASKING.get(name, ("--version",))], toolchain)
        versions[name] = said
        if wanted not in said:
            problems.append(f"{name} is not of version {wanted}: {said}")
    binding = "import llama_cpp; print('llama-cpp-python', llama_cpp.__version__, llama_cpp.llama_cpp._lib._name)"
    said = _say_version([sys.executable, "-c", binding], toolchain)
    versions["llama-cpp-python"] = said.removesuffix(f" {toolchain.libraries / LIBRARY}")
    if not said.startswith("llama-cpp-python "):
        problems.append(f"the Python binding does not load: {said}; {_INSTALL}")
    elif not said.endswith(str(toolchain.libraries / LIBRARY)):
        problems.append(f"the Python binding loads other libraries than the tools: {said}")
    elif wanted == source.COMMIT and f" {source.VERSION} " not in said:
        problems.append(f"the Python binding is not of version {source.VERSION}: {said}")
    return Asked(versions, tuple(problems))


def _say_version(command: list[str | Path], toolchain: Toolchain) -> str:
    """The first line that names a version, or how the tool failed."""
    try:
        ended = native.run(command, VERSION_SECONDS, env=toolchain.environment())
    except OSError as error:
        return f"cannot be started ({error.strerror})"
    lines = [line.strip() for line in f"{ended.out}\n{ended.err}".splitlines()]
    told = next((line for line in lines if line.startswith(("version", "llama-cpp-python "))), "")
    return told if told and not ended.signal and not ended.timed_out else ended.explain()
