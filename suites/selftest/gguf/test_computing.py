"""Layers that the spec asks for are never left to the CPU in silence: without a GPU the run is refused, in words."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fixtures import toolchain
from harness.engines import llama_cpp as llama
from harness.engines.llama_compute import ALL, Compute
from harness.errors import EngineError, SpecError, ToolchainError
from harness.gguf import binding, computing, smoke
from harness.gguf.toolchain import gpus, prove
from harness.gguf.toolchain.find import Toolchain
from harness.gguf.toolchain.gpus import Seen
from harness.spec import load
from harness.spec.gguf import GgufGates
from harness.spec.objects import Spec
from suites.tiny.child import Line

A100 = Seen(("CUDA0: NVIDIA A100-SXM4-40GB", "CUDA1: NVIDIA A100-SXM4-40GB"), {"libcuda": "libcuda.so.535.129.03"})


@pytest.fixture
def spec(line: Line) -> Spec:
    return load.load(line.spec)


def asking(spec: Spec, **options: Any) -> Spec:
    return replace(spec, gates=replace(spec.gates, gguf=GgufGates(**options)))


@pytest.fixture
def without(llama_cpp: Toolchain) -> Toolchain:
    if computing.of_machine(llama_cpp).gpus:
        pytest.skip("llama.cpp sees a GPU here; the refusals are of machines without one")
    return llama_cpp


@pytest.mark.parametrize("layers", [ALL, 1, 12])
def test_layers_that_are_asked_for_are_refused_without_a_gpu(spec: Spec, without: Toolchain, layers: int) -> None:
    with pytest.raises(ToolchainError) as caught:
        computing.of(asking(spec, n_gpu_layers=layers), without)

    said = str(caught.value)
    assert said.startswith(f"gates.gguf.n_gpu_layers = {layers} asks for layers on a GPU")
    assert "run make llama-cpp CUDA=1" in said
    assert "\n" not in said


def test_a_build_for_gpus_that_finds_none_is_told_otherwise(spec: Spec, without: Toolchain) -> None:
    with pytest.raises(ToolchainError, match="finds none here: see nvidia-smi and CUDA_VISIBLE_DEVICES"):
        computing.of(asking(spec, n_gpu_layers=ALL), replace(without, backend="cuda"))
    with pytest.raises(ToolchainError, match=r"finds none here \(was it built for one\?\)"):
        computing.of(asking(spec, n_gpu_layers=ALL), replace(without, backend="unknown"))


@pytest.mark.parametrize("layers", [None, 0])
def test_without_a_gpu_nothing_is_put_on_one_unless_it_is_asked_for(
    spec: Spec, without: Toolchain, layers: int | None
) -> None:
    assert computing.of(asking(spec, n_gpu_layers=layers), without) == Compute(spec.threads)
    assert computing.of(replace(spec, gates=replace(spec.gates, gguf=None)), without) == Compute(spec.threads)


@pytest.mark.parametrize(("asked", "layers"), [(None, ALL), (ALL, ALL), (0, 0), (12, 12)])
def test_with_gpus_all_layers_lie_on_the_first_unless_others_are_asked_for(
    spec: Spec, llama_cpp: Toolchain, monkeypatch: pytest.MonkeyPatch, asked: int | None, layers: int
) -> None:
    monkeypatch.setattr(gpus, "seen", lambda *_: A100)

    found = computing.of(asking(spec, n_gpu_layers=asked), llama_cpp)

    assert found == Compute(spec.threads, layers, A100.gpus[0], A100.software)


def test_llama_cpp_has_threads_of_its_own(spec: Spec, without: Toolchain) -> None:
    assert computing.of(asking(spec, threads=spec.threads + 3), without) == Compute(spec.threads + 3)


@pytest.mark.parametrize("options", ["n_gpu_layers = -2", "n_gpu_layers = 1.5", "threads = 0"])
def test_what_is_no_number_of_layers_or_threads_is_refused(line: Line, tmp_path: Path, options: str) -> None:
    copied = line.copy(tmp_path / "line")
    copied.edit("[gates.regression]", f"[gates.gguf]\n{options}\n\n[gates.regression]")

    with pytest.raises(SpecError, match=f"gates.gguf.{options.split(' ', 1)[0]}"):
        load.load(copied.spec)


def test_a_run_is_refused_before_it_starts(
    spec: Spec, without: Toolchain, pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ToolchainError, match="n_gpu_layers = -1 asks for layers on a GPU"):
        toolchain.refuse(pytestconfig, asking(spec, n_gpu_layers=ALL))
    toolchain.refuse(pytestconfig, asking(spec))
    toolchain.refuse(pytestconfig, replace(spec, gates=replace(spec.gates, gguf=None)))
    monkeypatch.setattr(toolchain.options, "llama_cpp", lambda config: Path("nowhere"))
    toolchain.refuse(pytestconfig, asking(spec, n_gpu_layers=ALL))  # gguf.toolchain_ready says what is missing


def test_the_gate_of_the_toolchain_says_it_too(spec: Spec, without: Toolchain, pytestconfig: pytest.Config) -> None:
    inspected = toolchain.LlamaCpp(pytestconfig, asking(spec, n_gpu_layers=ALL)).inspected()

    assert inspected.toolchain is None
    assert "n_gpu_layers = -1 asks for layers on a GPU" in inspected.message


def test_what_runs_on_the_cpu_in_place_of_a_gpu_is_red_in_every_way(without: Toolchain, tmp_path: Path) -> None:
    """As if the check before the run had been passed: a tiny real model, asked for layers on a build without GPUs."""
    file, compute = tmp_path / "probe.gguf", Compute(1, ALL, "CUDA0: none")
    prove.write(file)
    asked = smoke.Prompt("one", "hello", (104, 101, 108, 108, 111), "Be brief.", "hello", 2)

    said = [program(without, file, asked, compute, 60.0) for program in (smoke.completion, smoke.cli)]
    spoken = binding.ask(without, file, [asked.ids], [2], compute, 60.0)
    with pytest.raises(ToolchainError, match="put none there"):
        prove.prove(without, compute)
    runtime = llama.Runtime(environment=without.variables())
    with pytest.raises(EngineError, match=r"probe\.gguf: .*put none there"), llama.opened(file, compute, runtime):
        pass

    assert [one.failed for one in said] == [True, True]
    assert spoken.texts == ()
    for problem in (*(one.problem for one in said), spoken.problem):
        assert "put none there: it would answer on the CPU" in problem


def test_a_library_that_cannot_be_asked_for_gpus_is_an_error_and_not_none(tmp_path: Path) -> None:
    (tmp_path / "libllama.so").write_bytes(b"no library")

    with pytest.raises(ToolchainError, match="does not say which GPUs it sees"):
        gpus.seen(tmp_path, "libllama.so", ())


def test_what_drives_a_gpu_is_read_from_what_is_loaded_for_it(tmp_path: Path) -> None:
    (tmp_path / "maps").write_text(
        "7f00-7f01 r-xp 00000000 08:01 1  /usr/lib/x86_64-linux-gnu/libcuda.so.535.129.03\n"
        "7f01-7f02 r--p 00001000 08:01 1  /usr/lib/x86_64-linux-gnu/libcuda.so.535.129.03\n"
        "7f02-7f03 r-xp 00000000 08:01 2  /usr/local/cuda/lib64/libcublas.so.12.4.5.8\n"
        "7f03-7f04 r-xp 00000000 08:01 3  /usr/lib/x86_64-linux-gnu/libc.so.6\n"
        "7f04-7f05 rw-p 00000000 00:00 0 \n"
        "7f05-7f06 rw-p 00000000 00:00 0  [heap]\n",
        encoding="utf-8",
    )

    assert gpus._loaded(tmp_path / "maps") == {
        "libcuda": "libcuda.so.535.129.03",
        "libcublas": "libcublas.so.12.4.5.8",
    }
