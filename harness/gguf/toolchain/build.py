"""Build the pinned llama.cpp where it is absent: once a machine, outside of the virtual environment.

``.build/llama.cpp/<digest of what goes in>/`` appears by one rename after everything in it has been proved, so an
interrupted build leaves nothing that could be taken for a toolchain.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from harness.engines import processor
from harness.engines.llama_compute import Compute
from harness.engines.native import ChildError
from harness.errors import ToolchainError
from harness.gguf.toolchain import backends, find, instructions, prove, source
from harness.gguf.toolchain import compile as compiling
from harness.gguf.toolchain import source as python_side
from harness.gguf.toolchain.backends import CPU, CUDA, Backend
from harness.gguf.toolchain.compile import Compiler, Say
from harness.gguf.toolchain.find import MANIFEST, Toolchain
from harness.gguf.toolchain.instructions import Instructions
from harness.project import ROOT
from harness.store import digests

PLACE = ROOT / ".build" / "llama.cpp"


@dataclass(frozen=True, slots=True)
class Rejected:
    """An instruction set that was built and whose model did not run, and why."""

    name: str
    why: str


def place(root: Path = PLACE, backend: Backend = CPU) -> Path:
    """Folder of this machine's toolchain, built or not. Its name is the digest of all that goes into it."""
    inputs: dict[str, object] = {
        "source": source.SHA256,
        "targets": compiling.TARGETS,
        "flags": compiling.FLAGS,
        "kernels": compiling.KERNELS.read_text(encoding="utf-8"),
        "machine": platform.machine(),
        # a cache that is carried to a machine with fewer instruction sets is built again, not believed
        "sets": [one.name for one in instructions.candidates(processor.advertised())],
    }
    if backend.name != CPU.name:
        inputs["backend"] = backend.name
    return root / digests.of_value(inputs)[:16]


def backend_here(root: Path = PLACE) -> Backend:
    """What is computed on unless somebody says otherwise: GPUs where a CUDA build is there and so is NVIDIA's driver,
    without which it does not start; else processors."""
    return CUDA if (place(root, CUDA) / MANIFEST).is_file() and backends.driver() else CPU


def build(say: Say, root: Path = PLACE, wanted: str | None = None, backend: Backend = CPU) -> Path:
    """The toolchain's folder, built now where it is absent. Waits while another process builds it.

    Args:
        wanted: name of the fastest instruction set to try; builds again whatever is there.
        backend: what it is to compute on; where GPUs of certain architectures are named, it is built again as well.

    Raises:
        ToolchainError: it cannot be built; with the mend. The reason is kept beside the place for the gates to show.
    """
    final = place(root, backend)
    root.mkdir(parents=True, exist_ok=True)
    note = final.with_name(f"{final.name}.failed")
    with FileLock(final.with_name(f"{final.name}.lock")):
        if (final / MANIFEST).is_file() and wanted is None and not backend.architectures:
            return final
        for left in root.glob(
            f"{final.name}.*.partial"
        ):  # of a build that was killed; a compiler may still write there
            shutil.rmtree(left, ignore_errors=True)
        partial = final.with_name(f"{final.name}.{os.getpid()}.partial")
        try:
            _build(partial, root, say, wanted, backend)
            shutil.rmtree(final, ignore_errors=True)
            partial.rename(final)
        except ToolchainError as error:
            note.write_text(f"{error}\n", encoding="utf-8")
            raise
        except OSError as error:
            text = f"llama.cpp could not be built: {error}; free some space below {root} and run {backend.make}"
            note.write_text(f"{text}\n", encoding="utf-8")
            raise ToolchainError(text) from error
        finally:
            shutil.rmtree(partial, ignore_errors=True)
        note.unlink(missing_ok=True)
        return final


def _build(partial: Path, root: Path, say: Say, wanted: str | None, backend: Backend) -> None:
    started = time.monotonic()
    compiling.check_compiler(os.environ)
    backends.check(backend, os.environ)
    say("llama.cpp: fetching its pinned source")
    environment = python_side.build_tools(root / "tools")
    sdist = source.fetch(root / "downloads", environment)
    partial.mkdir(parents=True)
    unpacked = source.unpack(sdist, partial / "source")
    _assemble(partial, unpacked, environment)
    log = root / "build.log"
    log.unlink(missing_ok=True)
    compiler = Compiler(unpacked / "vendor" / "llama.cpp", partial / "build", log, environment, say, backend.options)
    chosen, rejected, proof = _first_that_runs(compiler, partial, wanted, Compute(2, backend.layers))
    manifest = {
        "llama_cpp_python": source.VERSION,
        "sdist": source.SHA256,
        "backend": backend.name,
        "instructions": chosen.name,
        "sets": proof.sets,
        "rejected": {one.name: one.why for one in rejected},
        "placed": proof.placed,
        "cmake": [*compiling.FLAGS, *instructions.cmake_options(chosen), *backend.options],
        "seconds": round(time.monotonic() - started, 1),
    }
    for name in ("source", "build"):
        shutil.rmtree(partial / name)
    (partial / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    say(f"llama.cpp: built for {chosen.name} in {manifest['seconds']:.0f} s, and a quantized model ran")


def _first_that_runs(
    compiler: Compiler, folder: Path, wanted: str | None, compute: Compute
) -> tuple[Instructions, list[Rejected], prove.Proof]:
    """Compile for one set after the other until a quantized model runs.

    Args:
        compute: what it is to run with.
    """
    rejected: list[Rejected] = []
    for candidate in instructions.candidates(processor.advertised(), wanted):
        compiler.compile(candidate, source.COMMIT)
        shutil.rmtree(folder / "bin", ignore_errors=True)
        shutil.copytree(compiler.build / "bin", folder / "bin", symlinks=True)
        try:
            proof = prove.prove(find.at(folder), compute)
        except ChildError as error:
            rejected.append(Rejected(candidate.name, str(error).splitlines()[0]))
            compiler.say(f"llama.cpp: {candidate.name} does not run here ({error.ended.signal or 'it failed'})")
            continue
        return candidate, rejected, proof
    told = "; ".join(f"{one.name}: {one.why}" for one in rejected)
    raise ToolchainError(f"llama.cpp was built and runs no quantized model on this machine: {told}")


def _assemble(folder: Path, unpacked: Path, environment: Mapping[str, str]) -> None:
    """The parts that are not compiled: the converter with its gguf package, and the Python binding."""
    llama_cpp = unpacked / "vendor" / "llama.cpp"
    convert = folder / "convert"
    convert.mkdir()
    for name in ("convert_hf_to_gguf.py", "convert_lora_to_gguf.py", "LICENSE"):
        shutil.copyfile(llama_cpp / name, convert / name)
    for name in ("conversion", "gguf-py"):
        shutil.copytree(llama_cpp / name, convert / name)
    python_side.install_binding(unpacked, folder / "python", environment)


def built(root: Path = PLACE) -> Toolchain:
    """The toolchain that was built on this machine.

    Raises:
        ToolchainError: it was not built, or could not be.
    """
    return found(None, root)


def found(named: Path | None, root: Path = PLACE) -> Toolchain:
    """The named toolchain, or the one that was built on this machine.

    Raises:
        ToolchainError: there is none, or parts are missing.
    """
    return find.find(named, place(root, backend_here(root)))
