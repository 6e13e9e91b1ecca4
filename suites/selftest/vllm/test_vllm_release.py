"""A whole release that vLLM serves: its gates of fidelity pass, and a vLLM that ignores the adapter is red by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.engines.vllm_environment import Environment
from suites.tiny import vllm as tiny
from suites.tiny.child import Finished, Line, release

HELD = ("adapter_survives", "logit_parity_kl", "logit_parity_same_top_1")
SECONDS = 1200
"""vLLM is loaded four times, each in a minute on a busy machine."""


@pytest.fixture(scope="module")
def line(environment: Environment, tmp_path_factory: pytest.TempPathFactory) -> Line:
    folder = tmp_path_factory.mktemp("vllm")
    return Line(tiny.write_release(folder / "line"), folder / "out")


@pytest.fixture(scope="module")
def served(line: Line) -> Finished:
    return release(line, "served", timeout=SECONDS)


def test_a_release_that_vllm_serves_is_green_and_held_against_the_adapter_as_trained(served: Finished) -> None:
    found = {name: served.gate(f"gguf.vllm.{name}")["outcome"] for name in HELD}
    assert set(found.values()) == {"passed"}, served.output
    assert served.gate("eval.sea.sea.determinism")["outcome"] == "passed"
    assert (served.status, served.verdict["verdict"]) == (0, "released")


def test_a_vllm_that_ignores_the_adapter_is_red_by_name(line: Line, served: Finished, tmp_path: Path) -> None:
    trained = next((line.out / "store" / "adapter").glob("*/content"))
    elsewhere = Line(line.spec, tmp_path / "out")
    ignored = ("-p", "suites.sabotage.plugins.unserved", f"--adapter=sea={trained}", "--partial")
    finished = release(elsewhere, "ignored", *ignored, "-k", "coverage or survives or parity", timeout=SECONDS)
    assert finished.status == 1, finished.output
    assert "the bare base gave the answers" in finished.gate("eval.sea.sea.coverage")["message"]
    survives = finished.gate("gguf.vllm.adapter_survives")
    assert (survives["outcome"], survives["blocking"]) == ("failed", True)
    assert "the form behaves as the base" in survives["message"]
    assert finished.gate("gguf.vllm.logit_parity_kl")["outcome"] == "failed"
