"""A llama.cpp that cannot be built, is not whole, or is another: said at once, with the mend, and nothing left half."""

from __future__ import annotations

import os
import platform
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from harness.engines import processor
from harness.engines.llama_compute import Compute
from harness.engines.native import ChildError
from harness.errors import ToolchainError
from harness.gguf.toolchain import build, find, instructions, prove, source
from harness.gguf.toolchain import compile as compiling
from harness.gguf.toolchain.compile import Compiler
from harness.project import ROOT

ALL = frozenset(flag for one in instructions.SETS for flag in one.needs)


def without_compiler(folder: Path) -> dict[str, str]:
    """An environment whose PATH has python and nothing that compiles."""
    (folder / "bin").mkdir()
    (folder / "bin" / "python3").symlink_to(sys.executable)
    return {**{k: v for k, v in os.environ.items() if k not in ("CC", "CXX")}, "PATH": str(folder / "bin")}


def run_build(folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "harness.gguf", f"--into={folder}"]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False)


def test_without_a_compiler_the_build_stops_at_once_and_says_what_to_install(tmp_path: Path) -> None:
    done = run_build(tmp_path / "into", without_compiler(tmp_path))

    assert done.returncode == 1
    assert "there is no C++ compiler" in done.stderr
    assert "apt-get install g++" in done.stderr
    assert "Traceback" not in done.stderr
    assert not list((tmp_path / "into").glob("*.partial"))


def test_why_a_build_failed_is_what_the_gate_will_say(tmp_path: Path) -> None:
    run_build(tmp_path / "into", without_compiler(tmp_path))

    with pytest.raises(ToolchainError, match=r"no llama.cpp was built: .*there is no C\+\+ compiler"):
        build.built(tmp_path / "into")


def test_where_nothing_was_built_the_command_that_builds_is_named(tmp_path: Path) -> None:
    with pytest.raises(ToolchainError, match="make llama-cpp"):
        build.built(tmp_path)


def broken_source(folder: Path, body: str) -> Path:
    """A cmake project with the tools' targets whose second file does not compile."""
    folder.mkdir()
    targets = "\n".join(f"add_executable({name} good.cpp bad.cpp)" for name in compiling.TARGETS)
    text = f"cmake_minimum_required(VERSION 3.14)\nproject(llama.cpp C CXX)\n{targets}\n"
    (folder / "CMakeLists.txt").write_text(text, encoding="utf-8")
    (folder / "good.cpp").write_text("int main() { return 0; }\n", encoding="utf-8")
    (folder / "bad.cpp").write_text(body, encoding="utf-8")
    return folder


def compiler_of(source_folder: Path, folder: Path, said: list[str]) -> Compiler:
    if shutil.which("cmake") is None or shutil.which("c++") is None:
        pytest.skip("no cmake or no C++ compiler on PATH: there is nothing whose failure could be shown")
    return Compiler(source_folder, folder / "build", folder / "build.log", dict(os.environ), said.append)


def test_a_source_that_does_not_compile_is_named_by_its_first_error(tmp_path: Path) -> None:
    said: list[str] = []
    compiler = compiler_of(broken_source(tmp_path / "source", "int nothing = missing;\n"), tmp_path, said)

    with pytest.raises(ToolchainError) as caught:
        compiler.compile(instructions.SETS[-1], "test")

    assert "compiling (generic) failed" in str(caught.value)
    assert "bad.cpp" in str(caught.value)
    assert f"the whole output is in {tmp_path / 'build.log'}" in str(caught.value)
    assert "missing" in (tmp_path / "build.log").read_text(encoding="utf-8")
    assert said == ["llama.cpp: configuring", "llama.cpp: compiling (generic)"]


def test_a_configuration_that_fails_is_named(tmp_path: Path) -> None:
    folder = broken_source(tmp_path / "source", "")
    (folder / "CMakeLists.txt").write_text('message(FATAL_ERROR "no such option")\n', encoding="utf-8")

    with pytest.raises(ToolchainError, match=r"configuring failed with status 1: .*Error"):
        compiler_of(folder, tmp_path, []).compile(instructions.SETS[-1], "test")


def test_a_build_that_fails_half_way_leaves_no_toolchain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "root"

    def stop_half_way(partial: Path, *_: object) -> None:
        (partial / "bin").mkdir(parents=True)
        (partial / "bin" / "llama-quantize").write_bytes(b"half")
        raise ToolchainError("cmake failed")

    monkeypatch.setattr(build, "_build", stop_half_way)
    with pytest.raises(ToolchainError, match="cmake failed"):
        build.build(lambda line: None, root)

    assert not build.place(root).exists()
    assert not list(root.glob("*.partial"))
    with pytest.raises(ToolchainError, match=r"no llama\.cpp was built: cmake failed"):
        build.built(root)


def test_a_full_disk_during_the_build_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_room(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(build, "_build", no_room)
    with pytest.raises(ToolchainError, match=r"No space left on device; free some space below"):
        build.build(lambda line: None, tmp_path)


def test_what_a_killed_build_left_is_swept_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = build.place(tmp_path)
    left = place.with_name(f"{place.name}.1.partial")
    left.mkdir(parents=True)
    monkeypatch.setattr(build, "_build", lambda partial, *_: partial.mkdir())

    build.build(lambda line: None, tmp_path)

    assert not left.exists()
    assert place.is_dir()


def test_a_source_of_other_bytes_is_refused_and_removed(tmp_path: Path) -> None:
    forged = tmp_path / f"{source.NAME}.tar.gz"
    forged.write_bytes(b"another llama.cpp")

    with pytest.raises(ToolchainError, match=r"not the pinned llama\.cpp"):
        source.fetch(tmp_path, dict(os.environ))

    assert not forged.exists()


def test_a_toolchain_of_another_processor_is_not_taken_for_this_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processor, "advertised", lambda: ALL)
    fast = build.place(tmp_path)
    monkeypatch.setattr(processor, "advertised", lambda: ALL - {"avx512f"})

    assert build.place(tmp_path) != fast


def test_the_fastest_advertised_set_is_tried_first_and_amx_never() -> None:
    assert [one.name for one in instructions.candidates(ALL)] == ["avx512", "avx2", "sse42", "generic"]
    assert [one.name for one in instructions.candidates(ALL - {"avx512_vnni"})] == ["avx2", "sse42", "generic"]
    assert [one.name for one in instructions.candidates(ALL, "avx2")] == ["avx2", "sse42", "generic"]
    assert [one.name for one in instructions.candidates(())] == ["generic"]
    for one in instructions.SETS:
        assert "-DGGML_AMX_INT8=OFF" in instructions.cmake_options(one)
        assert "-DGGML_NATIVE=OFF" in instructions.cmake_options(one)


def test_a_set_that_crashes_is_rejected_by_name_and_the_next_is_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built: list[str] = []
    said: list[str] = []

    class Fake:
        build = tmp_path / "build"
        say = staticmethod(said.append)

        def compile(self, chosen: instructions.Instructions, commit: str) -> None:
            built.append(chosen.name)

    def crash_on_avx512(found: object, compute: object) -> prove.Proof:
        if built == ["avx512"]:
            raise ChildError("running a tiny model", dead_of_sigill())
        return prove.Proof("AVX2", 0.1)

    (tmp_path / "build" / "bin").mkdir(parents=True)
    monkeypatch.setattr(processor, "advertised", lambda: ALL)
    monkeypatch.setattr(find, "at", lambda folder: folder)
    monkeypatch.setattr(prove, "prove", crash_on_avx512)

    chosen, rejected, _ = build._first_that_runs(Fake(), tmp_path, None, Compute(2))  # type: ignore[arg-type]

    assert (chosen.name, built) == ("avx2", ["avx512", "avx2"])
    assert [one.name for one in rejected] == ["avx512"]
    assert "SIGILL" in rejected[0].why
    assert said == ["llama.cpp: avx512 does not run here (SIGILL)"]


def dead_of_sigill() -> object:
    from harness.engines import native

    return native.run(["sh", "-c", "kill -ILL $$"], 10.0)


def stub(folder: Path, name: str, script: str) -> None:
    path = folder / "bin" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def installed(folder: Path, version: str = source.COMMIT) -> Path:
    """A folder that looks like an installed llama.cpp, with stand-ins that only print a version."""
    for name in find.TOOLS:
        stub(folder, name, f"echo 'version: {version}'")
    (folder / "bin" / find.LIBRARY).write_bytes(b"")
    (folder / "bin" / find.CONVERTER).write_text("", encoding="utf-8")
    (folder / "python" / "llama_cpp").mkdir(parents=True)
    return folder


def test_a_named_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ToolchainError, match="is not a folder"):
        find.at(tmp_path / "nowhere")


def test_every_missing_part_of_a_named_folder_is_told_at_once(tmp_path: Path) -> None:
    installed(tmp_path)
    (tmp_path / "bin" / "llama-cli").unlink()
    (tmp_path / "bin" / find.CONVERTER).unlink()

    with pytest.raises(ToolchainError, match=r"holds no llama-cli, convert_hf_to_gguf\.py"):
        find.at(tmp_path)


def test_a_tool_of_another_version_is_told(tmp_path: Path) -> None:
    asked = find.ask(find.at(installed(tmp_path, "0.4.0 (build 7, commit abc)")))

    assert f"llama-cli is not of version {source.COMMIT}: version: 0.4.0 (build 7, commit abc)" in asked.problems


def test_an_own_llama_cpp_may_have_the_version_that_the_spec_names(tmp_path: Path) -> None:
    asked = find.ask(find.at(installed(tmp_path, "0.4.0 (build 7, commit abc)")), "commit abc")

    assert not [problem for problem in asked.problems if "is not of version" in problem]


def test_a_tool_that_dies_when_asked_is_told_with_its_signal(tmp_path: Path) -> None:
    stub(installed(tmp_path), "llama-cli", "kill -ILL $$")

    asked = find.ask(find.at(tmp_path))

    assert any("llama-cli died of SIGILL" in problem for problem in asked.problems)


def test_a_binding_that_does_not_load_is_told(tmp_path: Path) -> None:
    asked = find.ask(find.at(installed(tmp_path)))

    assert any(problem.startswith("the Python binding") for problem in asked.problems)


def test_changed_tools_have_another_digest(tmp_path: Path) -> None:
    before = find.at(installed(tmp_path)).digest
    stub(tmp_path, "llama-quantize", "echo version: other")

    assert find.at(tmp_path).digest != before


def test_what_the_processor_says_is_read_from_its_flags(tmp_path: Path) -> None:
    (tmp_path / "cpuinfo").write_text("model name\t: x\nflags\t\t: fpu avx2 amx_tile\n", encoding="utf-8")

    expected = {"fpu", "avx2", "amx_tile"} if platform.machine() in ("x86_64", "AMD64") else set()
    assert processor.advertised(tmp_path / "cpuinfo") == expected
