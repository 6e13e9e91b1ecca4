"""Layers on a device that is no CPU, with the real llama.cpp: each way to an answer puts them there, or is red."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import torch

from harness.engines import llama_cpp as llama
from harness.engines.llama_compute import ALL, Compute
from harness.engines.patience import always
from harness.errors import EngineError, ToolchainError
from harness.gguf import computing, convert, lora, smoke
from harness.gguf.smoke import Prompt, Said
from harness.gguf.toolchain import prove
from harness.gguf.toolchain.find import Toolchain
from harness.spec import load
from harness.spec.gguf import GgufGates
from harness.spec.objects import Spec
from suites.tiny import far_device, gguf
from suites.tiny import lora as tiny_lora
from suites.tiny.child import Line

SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Made:
    tools: Toolchain
    address: str
    file: Path
    lora: Path
    prompt: Prompt

    def compute(self, layers: int) -> Compute:
        return Compute(1, layers, f"RPC0: {self.address}")


@pytest.fixture(scope="module")
def made(llama_cpp: Toolchain, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    from transformers import AutoTokenizer

    place = tmp_path_factory.mktemp("layers")
    gguf.write_base(place / "base")
    adapter = tiny_lora.write_adapter(place / "base", place / "adapter")
    convert.to_f16(place / "base", llama_cpp, {}, place, SECONDS)
    lora.write(adapter, place / "base", llama_cpp, {}, place, SECONDS)
    turns = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Tell me of the sea."}]
    tokenizer = AutoTokenizer.from_pretrained(place / "base")
    text = tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
    ids = tuple(tokenizer(text, add_special_tokens=False)["input_ids"])
    prompt = Prompt("one", text, ids, "Be brief.", "Tell me of the sea.", 6)
    tools = far_device.compiled(llama_cpp, tmp_path_factory.mktemp("rpc"))
    with far_device.served(tools) as address:
        yield Made(tools, address, place / convert.FILE, place / lora.FILE, prompt)


@pytest.fixture(autouse=True)
def device(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLAMA_ARG_RPC", made.address)


@pytest.fixture
def spec(line: Line) -> Spec:
    return load.load(line.spec)


def asking(spec: Spec, **options: Any) -> Spec:
    return replace(spec, gates=replace(spec.gates, gguf=GgufGates(**options)))


def test_where_a_device_is_found_all_layers_go_there_unless_the_spec_says_otherwise(spec: Spec, made: Made) -> None:
    found = computing.of(asking(spec), made.tools)

    assert found == Compute(spec.threads, ALL, f"RPC0: {made.address}")
    assert computing.of(asking(spec, n_gpu_layers=2, threads=3), made.tools) == replace(found, layers=2, threads=3)
    assert computing.of(asking(spec, n_gpu_layers=0), made.tools).layers == 0


def test_the_toolchain_is_proved_on_the_device(made: Made) -> None:
    proof = prove.prove(made.tools, made.compute(ALL))

    assert proof.placed.startswith(f"3/3 layers on RPC0[{made.address}]")


def answers(made: Made, compute: Compute, seconds: float = SECONDS) -> list[Said]:
    asked = (made.tools, made.file, [made.prompt], compute, always(seconds))
    return [*smoke.by_programs(*asked), *smoke.by_binding(*asked)]


@pytest.mark.parametrize(("layers", "there"), [(ALL, 3), (2, 2), (99, 3)])
def test_every_program_answers_from_the_device_and_says_so(made: Made, layers: int, there: int) -> None:
    said = answers(made, made.compute(layers))

    assert [one.program for one in said] == ["llama-completion", "llama-cli", "llama-cpp-python"]
    assert not [one.problem for one in said if one.failed]
    assert all(one.text for one in said)
    assert {one.placed.partition("[")[0] for one in said} == {f"{there}/3 layers on RPC0"}


def test_programs_that_are_to_use_no_device_use_none(made: Made) -> None:
    said = answers(made, made.compute(0))

    assert not [one.problem for one in said if one.failed]
    assert {one.placed for one in said} == {""}


def logits(made: Made, compute: Compute, adapter: Path | None) -> torch.Tensor:
    runtime = llama.Runtime(environment=made.tools.variables())
    with llama.opened(made.file, compute, runtime, adapter) as loaded:
        loaded.context(len(made.prompt.ids) + 2, 1)
        found: torch.Tensor = loaded.logits(made.prompt.ids, (5, 6))
        return found


@pytest.mark.parametrize("apart", [False, True], ids=["bare", "with a LoRA"])
def test_the_engine_computes_on_the_device_what_it_computes_on_the_cpu(made: Made, apart: bool) -> None:
    adapter = made.lora if apart else None

    assert torch.allclose(logits(made, made.compute(ALL), adapter), logits(made, made.compute(0), adapter), atol=1e-3)


def test_a_device_that_is_gone_is_red_in_every_way(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLAMA_ARG_RPC", "127.0.0.1:9")

    assert all(one.failed for one in answers(made, made.compute(ALL), seconds=2.0))


def test_a_toolchain_without_the_backend_is_red_in_every_way(
    spec: Spec, made: Made, llama_cpp: Toolchain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LLAMA_ARG_RPC")
    plain = replace(made, tools=llama_cpp)

    with pytest.raises(ToolchainError, match="was built for processors alone"):
        computing.of(asking(spec, n_gpu_layers=ALL), llama_cpp)
    with pytest.raises(ToolchainError, match="put none there"):
        prove.prove(llama_cpp, plain.compute(ALL))
    said = answers(plain, plain.compute(ALL))
    assert all(one.failed for one in said)
    assert all("put none there: it would answer on the CPU" in one.problem for one in said)
    with pytest.raises(EngineError, match="put none there"):
        logits(plain, plain.compute(ALL), None)
