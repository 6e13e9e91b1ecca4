"""Build the pinned llama.cpp where it is absent: ``python -m harness.gguf``. Prints where it is."""

from __future__ import annotations

import argparse
import signal
import sys
from dataclasses import replace
from pathlib import Path

from harness.errors import ToolchainError
from harness.gguf.toolchain import backends, build, instructions


def main(arguments: list[str] | None = None) -> int:
    """Exit status 0 where there is a proved toolchain, 1 where it cannot be had: what is missing is printed."""
    parser = argparse.ArgumentParser(prog="python -m harness.gguf", description=__doc__)
    parser.add_argument("--into", type=Path, default=build.PLACE, metavar="DIR", help="default: .build/llama.cpp")
    parser.add_argument(
        "--instructions", choices=instructions.NAMES, help="the fastest set to try; builds again what is there"
    )
    parser.add_argument(
        "--backend", choices=backends.BACKENDS, help="what to compute on; default: what is built already, or cpu"
    )
    parser.add_argument(
        "--cuda-architectures",
        default="",
        metavar="LIST",
        help='GPUs to compile for: native, or as in "80;90"; builds again what is there',
    )
    chosen = parser.parse_args(arguments)
    backend = backends.BACKENDS[chosen.backend] if chosen.backend else build.backend_here(chosen.into)
    if chosen.cuda_architectures:
        if backend.name != backends.CUDA.name:
            parser.error(f"--cuda-architectures is for a CUDA build: {backends.CUDA.make}")
        backend = replace(backend, architectures=chosen.cuda_architectures)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        folder = build.build(_say, chosen.into, chosen.instructions, backend)
    except ToolchainError as error:
        print(f"{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("llama.cpp: interrupted; nothing half-built was left", file=sys.stderr)
        return 130
    print(f"llama.cpp: {folder}")
    return 0


def _interrupt(number: int, frame: object) -> None:
    """End as by Ctrl-C: the compilers are stopped and the half-built folder is removed."""
    raise KeyboardInterrupt


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
