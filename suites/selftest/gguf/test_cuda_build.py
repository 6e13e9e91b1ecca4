"""A llama.cpp for GPUs is a build of its own, refused at once where it could not be made or tried out."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from harness.errors import ToolchainError
from harness.gguf import __main__ as command
from harness.gguf.toolchain import backends, build, find, instructions
from harness.gguf.toolchain.backends import CPU, CUDA
from harness.gguf.toolchain.compile import Compiler
from harness.project import ROOT
from suites.selftest.gguf.test_toolchain import broken_source, compiler_of, installed


def test_the_two_builds_have_folders_of_their_own(tmp_path: Path) -> None:
    assert build.place(tmp_path) == build.place(tmp_path, CPU) != build.place(tmp_path, CUDA)


def test_cuda_is_what_cmake_is_asked_for(tmp_path: Path) -> None:
    """cmake is given a project that stops with the value of the option."""
    folder = broken_source(tmp_path / "source", "")
    (folder / "CMakeLists.txt").write_text(
        'cmake_minimum_required(VERSION 3.14)\nmessage(FATAL_ERROR "CUDA ${GGML_CUDA} ${CMAKE_CUDA_ARCHITECTURES}")\n',
        encoding="utf-8",
    )
    plain = compiler_of(folder, tmp_path, [])
    asked = Compiler(folder, tmp_path / "cuda", plain.log, plain.environment, plain.say, CUDA.options)

    for compiler in (plain, asked):
        with pytest.raises(ToolchainError, match="configuring failed"):
            compiler.compile(instructions.SETS[-1], "test")

    told = plain.log.read_text(encoding="utf-8")
    assert told.count("CUDA ON") == 1
    assert replace(CUDA, architectures="80;90").options == ("-DGGML_CUDA=ON", "-DCMAKE_CUDA_ARCHITECTURES=80;90")


def test_a_library_of_cuda_that_is_absent_is_named(tmp_path: Path) -> None:
    """As cmake says it where the toolkit was installed without cuBLAS."""
    folder = broken_source(tmp_path / "source", "")
    with (folder / "CMakeLists.txt").open("a", encoding="utf-8") as lists:
        lists.write("target_link_libraries(llama-cli PRIVATE CUDA::cublas)\n")

    with pytest.raises(
        ToolchainError, match=r"configuring failed .*links to: CUDA::cublas but the target was not found"
    ):
        compiler_of(folder, tmp_path, []).compile(instructions.SETS[-1], "test")


def only(folder: Path, *programs: str) -> dict[str, str]:
    """An environment whose PATH has python and these programs."""
    place = folder / "bin"
    place.mkdir()
    (place / "python3").symlink_to(sys.executable)
    for name in programs:
        (place / name).write_text("#!/bin/sh\n", encoding="utf-8")
        (place / name).chmod(0o755)
    left = {name: value for name, value in os.environ.items() if name not in ("CC", "CXX", "CUDACXX", "CUDA_PATH")}
    return {**left, "PATH": str(place)}


def run_build(folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    asked = [sys.executable, "-m", "harness.gguf", f"--into={folder / 'into'}", "--backend=cuda"]
    return subprocess.run(asked, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False)


def test_without_nvcc_the_build_stops_at_once_and_says_what_to_install(tmp_path: Path) -> None:
    done = run_build(tmp_path, only(tmp_path, "c++"))

    assert done.returncode == 1
    assert "cannot be built for CUDA: there is no nvcc" in done.stderr
    assert "make llama-cpp CUDA=1" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not list((tmp_path / "into").glob("*.partial"))
    assert not (tmp_path / "into" / "downloads").exists()


@pytest.mark.skipif(backends.driver(), reason="NVIDIA's driver is here")
def test_without_a_driver_the_build_stops_at_once_since_it_could_not_be_tried_out(tmp_path: Path) -> None:
    done = run_build(tmp_path, only(tmp_path, "c++", "nvcc"))

    assert done.returncode == 1
    assert "there is no NVIDIA driver (libcuda.so.1)" in done.stderr
    assert "on the machine with the GPU" in done.stderr


@pytest.mark.parametrize("named", ["CUDACXX", "CUDA_PATH"])
def test_nvcc_is_found_where_cmake_finds_it(tmp_path: Path, named: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backends, "driver", lambda: True)
    environment = only(tmp_path, "nvcc")
    value = environment["PATH"] + "/nvcc" if named == "CUDACXX" else str(tmp_path)

    backends.check(CUDA, {named: value, "PATH": str(tmp_path / "nowhere")})
    with pytest.raises(ToolchainError, match="there is no nvcc"):
        backends.check(CUDA, {"PATH": str(tmp_path / "nowhere")})
    backends.check(CPU, {"PATH": str(tmp_path / "nowhere")})


def made(root: Path, *which: backends.Backend) -> None:
    """Toolchains below `root` that look as if they had been built."""
    for backend in which:
        folder = build.place(root, backend)
        installed(folder)
        (folder / find.MANIFEST).write_text(json.dumps({"backend": backend.name}), encoding="utf-8")


def test_the_build_for_gpus_is_taken_where_the_driver_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made(tmp_path, CPU, CUDA)

    monkeypatch.setattr(backends, "driver", lambda: True)
    assert build.built(tmp_path).backend == "cuda"
    monkeypatch.setattr(backends, "driver", lambda: False)
    assert build.built(tmp_path).backend == "cpu"


def test_where_none_was_built_for_gpus_the_one_for_processors_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(tmp_path, CPU)
    monkeypatch.setattr(backends, "driver", lambda: True)

    assert build.built(tmp_path).backend == "cpu"


def test_what_was_built_before_builds_were_named_is_one_for_processors(tmp_path: Path) -> None:
    made(tmp_path, CPU)
    (build.place(tmp_path) / find.MANIFEST).write_text('{"instructions": "avx2"}', encoding="utf-8")

    assert find.at(build.place(tmp_path)).backend == "cpu"
    assert find.at(installed(tmp_path / "named")).backend == "unknown"


def test_a_build_that_is_there_is_kept_unless_other_gpus_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(tmp_path, CUDA)
    monkeypatch.setattr(build, "_build", lambda partial, *_: shutil.copytree(ROOT / ".ci", partial) and None)

    assert (build.build(lambda line: None, tmp_path, backend=CUDA) / find.MANIFEST).is_file()
    named = replace(CUDA, architectures="90")
    assert not (build.build(lambda line: None, tmp_path, backend=named) / find.MANIFEST).is_file()


def test_gpus_are_named_for_a_cuda_build_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command.main([f"--into={tmp_path}", "--backend=cpu", "--cuda-architectures=90"])

    assert "--cuda-architectures is for a CUDA build: make llama-cpp CUDA=1" in capsys.readouterr().err
