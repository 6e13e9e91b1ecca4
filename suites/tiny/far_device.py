"""A device that is no CPU, for a machine without a GPU: llama.cpp's own RPC backend, served by another process of this
machine. llama.cpp takes it for a GPU: it puts layers there, says so in its log, and computes them there."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from harness.gguf.toolchain import build, find, source
from harness.gguf.toolchain.find import Toolchain

FLAGS = ("-O1", "-fPIC", "-std=c++17", "-DNDEBUG", "-D_GNU_SOURCE", "-DGGML_SHARED", "-DGGML_BACKEND_SHARED")
OF_GGML = f"{source.NAME}/vendor/llama.cpp/ggml/"
SERVER = f"{source.NAME}/vendor/llama.cpp/tools/rpc/rpc-server.cpp"
REGISTERS = """\
import ctypes, os
place = os.environ["LLAMA_CPP_LIB_PATH"]
ggml, rpc = (ctypes.CDLL(f"{place}/{name}.so", mode=ctypes.RTLD_GLOBAL) for name in ("libggml", "libggml-rpc"))
rpc.ggml_backend_rpc_add_server.restype, rpc.ggml_backend_rpc_add_server.argtypes = ctypes.c_void_p, [ctypes.c_char_p]
ggml.ggml_backend_register.argtypes = [ctypes.c_void_p]
ggml.ggml_backend_register(rpc.ggml_backend_rpc_add_server(os.environ["LLAMA_ARG_RPC"].encode()))
"""
"""Run by every Python that is started with the toolchain; the programs read the variable by themselves."""


def compiled(plain: Toolchain, folder: Path) -> Toolchain:
    """A copy of a toolchain with the RPC backend in it, and its server: ten seconds of compiling."""
    archive = build.PLACE / "downloads" / f"{source.NAME}.tar.gz"
    if shutil.which("g++") is None or not archive.is_file() or plain.python is None:
        pytest.skip("no g++, or no source of llama.cpp (make llama-cpp): its RPC backend cannot be compiled")
    with tarfile.open(archive) as held:
        wanted = [one for one in held.getmembers() if one.name.startswith(OF_GGML) or one.name == SERVER]
        held.extractall(folder / "source", members=wanted, filter="data")
    tools = Path(shutil.copytree(plain.folder, folder / "tools", symlinks=True))
    ggml, libraries = folder / "source" / OF_GGML, tools / plain.libraries.relative_to(plain.folder)
    common = [*FLAGS, f"-I{ggml}/include", f"-I{ggml}/src", f"-L{libraries}", "-Wl,-rpath,$ORIGIN"]
    own, behind = [*common, "-DGGML_BUILD", "-DGGML_BACKEND_BUILD", "-shared"], ["-lggml-base", "-lggml-cpu"]
    rpc = [f"{ggml}/src/ggml-rpc/{name}.cpp" for name in ("ggml-rpc", "transport")]
    registry = [f"{ggml}/src/ggml-backend-{name}.cpp" for name in ("reg", "dl")]
    whole = (libraries / "libggml.so").resolve()
    _compile([*own, *rpc], libraries / "libggml-rpc.so", behind)
    named = ["-DGGML_USE_CPU", "-DGGML_USE_RPC", "-Wl,-soname,libggml.so.0"]
    _compile([*own, *named, *registry], whole, [*behind, "-lggml-rpc", "-ldl", "-lpthread"])
    server = [*common, str(folder / "source" / SERVER)]
    _compile(server, libraries / "rpc-server", ["-lggml", *behind, "-lggml-rpc", "-lpthread"])
    (tools / "python" / "sitecustomize.py").write_text(REGISTERS, encoding="utf-8")
    return find.at(tools)


def _compile(command: list[str], target: Path, libraries: list[str]) -> None:
    done = subprocess.run(["g++", *command, "-o", target, *libraries], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@contextmanager
def served(toolchain: Toolchain) -> Iterator[str]:
    """The device, served until the context ends; its address, as ``LLAMA_ARG_RPC`` has it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [toolchain.libraries / "rpc-server", "-H", "127.0.0.1", "-p", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 30
        while time.monotonic() < until and process.poll() is None:
            with socket.socket() as asked:
                if asked.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield f"127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()
