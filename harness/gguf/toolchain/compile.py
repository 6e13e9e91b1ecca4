"""Compile llama.cpp: cmake, its progress told in plain lines, its failure in one sentence."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from harness.engines.parent import die_with_parent
from harness.errors import ToolchainError
from harness.gguf.toolchain.instructions import Instructions, cmake_options

TARGETS = ("llama-quantize", "llama-completion", "llama-cli")
KERNELS = Path(__file__).parent / "kernels.cmake"
FLAGS = (
    "-DCMAKE_BUILD_TYPE=Release",
    # Only ggml's kernels need full optimization (kernels.cmake); the rest compiles in two thirds of the time without.
    "-DCMAKE_CXX_FLAGS_RELEASE=-O1 -DNDEBUG",
    "-DBUILD_SHARED_LIBS=ON",
    "-DCMAKE_BUILD_RPATH_USE_ORIGIN=ON",  # tools find their libraries beside them, wherever the folder is moved
    "-DGGML_CCACHE=OFF",
    "-DLLAMA_CURL=OFF",
    "-DLLAMA_OPENSSL=OFF",
    "-DLLAMA_BUILD_TESTS=OFF",
    "-DLLAMA_BUILD_EXAMPLES=OFF",
    "-DLLAMA_BUILD_APP=OFF",
    "-DLLAMA_BUILD_UI=OFF",
    "-DLLAMA_USE_PREBUILT_UI=OFF",  # would be fetched
)
SAY_EVERY = 20.0
"""Seconds between lines of progress."""
MORE = 4
"""Lines that are shown of an error of cmake's."""
_TELLING = re.compile(r"error|fatal|No space left|Killed|cannot", re.IGNORECASE)
_DONE = re.compile(r"^\[\s*(\d+)(?:/(\d+)|%)\]")

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Compiler:
    """A folder to compile in, and the log of its output."""

    source: Path
    build: Path
    log: Path
    environment: Mapping[str, str]
    say: Say
    options: tuple[str, ...] = ()
    """Options of cmake beside those of every build."""

    def compile(self, instructions: Instructions, commit: str) -> None:
        """Configure for one instruction set and build the tools; a second set compiles only ggml's kernels again.

        Raises:
            ToolchainError: cmake or the compiler failed; with its first error and where the whole output is.
        """
        generator = ["-G", "Ninja"] if self._which("ninja") else []
        configure = ["cmake", "-S", str(self.source), "-B", str(self.build), *generator, *FLAGS]
        configure += [f"-DCMAKE_PROJECT_ggml_INCLUDE={KERNELS}", "-DLLAMA_BUILD_NUMBER=0"]
        configure += [f"-DLLAMA_BUILD_COMMIT={commit}", *cmake_options(instructions), *self.options]
        self._run(configure, "configuring")
        jobs = str(len(os.sched_getaffinity(0)))
        command = ["cmake", "--build", str(self.build), "-j", jobs, "--target", *TARGETS]
        self._run(command, f"compiling ({instructions.name})")

    def _which(self, name: str) -> str | None:
        return shutil.which(name, path=self.environment.get("PATH"))

    def _run(self, command: Sequence[str], stage: str) -> None:
        """Run a command to its end; its output goes to the log, and its progress is printed from time to time."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("a", encoding="utf-8") as log:
            begin = log.tell()
            process = subprocess.Popen(
                [self._which(command[0]) or command[0], *command[1:]],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=dict(self.environment),
                text=True,
                errors="replace",
                start_new_session=True,
                preexec_fn=die_with_parent,
            )
            try:
                assert process.stdout is not None
                progress = Progress(stage, self.say)
                for line in process.stdout:
                    log.write(line)
                    progress.see(line)
                status = process.wait()
            finally:  # an interrupted build leaves no compiler at work
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        if status != 0:
            raise ToolchainError(_failure(stage, status, self.log, begin))


class Progress:
    """Prints how far a build is: a line at once, then one every `SAY_EVERY` seconds."""

    def __init__(self, stage: str, say: Say) -> None:
        self.stage, self.say = stage, say
        self.started = self.said = time.monotonic()
        say(f"llama.cpp: {stage}")

    def see(self, line: str) -> None:
        found = _DONE.match(line)
        now = time.monotonic()
        if found is None or now - self.said < SAY_EVERY:
            return
        self.said = now
        share = int(found[1]) / int(found[2] or 100)
        left = (now - self.started) * (1 - share) / share if share else float("inf")
        self.say(f"llama.cpp: {self.stage}, {100 * share:.0f} %, about {left:.0f} s to go")


def _failure(stage: str, status: int, log: Path, begin: int) -> str:
    with log.open(encoding="utf-8", errors="replace") as stream:
        stream.seek(begin)
        lines = [line.strip() for line in stream if line.strip()]
    telling = [at for at, line in enumerate(lines) if _TELLING.search(line)]
    at = telling[0] if telling else len(lines) - 1
    # cmake says in the lines below its heading what is wrong
    first = " ".join(lines[at : at + (MORE if lines[at].endswith(":") else 1)])[:400] if lines else "it said nothing"
    return (
        f"llama.cpp: {stage} failed with status {status}: {first}; the whole output is in {log}; mend what it names "
        "and run make llama-cpp as before, or name a built llama.cpp with --llama-cpp=DIR"
    )


def check_compiler(environment: Mapping[str, str]) -> None:
    """Refuse to start a build without a compiler, which would fail only later.

    Raises:
        ToolchainError: there is no C++ compiler.
    """
    path = environment.get("PATH")
    named = environment.get("CXX", "").split()[:1]
    if not any(shutil.which(name, path=path) for name in (*named, "c++", "g++", "clang++")):
        raise ToolchainError(
            "llama.cpp cannot be built: there is no C++ compiler (c++, g++ or clang++) on PATH; install one (Debian: "
            "apt-get install g++) and run make llama-cpp, or name a built llama.cpp with --llama-cpp=DIR"
        )
