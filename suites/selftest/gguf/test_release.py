"""A release whose llama.cpp is missing goes on; the gates say what is missing, and which others had to wait for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness import gates
from harness.gates.gguf import CHECKS
from harness.spec import load
from suites.tiny.child import Finished, Line, release

TABLE = "[gates.gguf]\n{options}\n\n[gates.regression]"


def with_gguf(line: Line, options: str = "") -> Line:
    line.edit("[gates.regression]", TABLE.format(options=options))
    return line


@pytest.fixture(scope="module")
def without_llama_cpp(line: Line, green: Finished, tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """A release of the tiny line that is to give a GGUF file, where there is no llama.cpp."""
    folder = tmp_path_factory.mktemp("gguf")
    spoilt = with_gguf(line.copy_with_store(folder))  # a release of its own: others are compared with the last one
    return release(spoilt, "no-llama-cpp", f"--llama-cpp={folder / 'nowhere'}")


def test_the_rest_of_the_release_is_unaffected(without_llama_cpp: Finished) -> None:
    assert without_llama_cpp.status == 0, without_llama_cpp.output
    assert without_llama_cpp.verdict["verdict"] == "released"


def test_the_missing_toolchain_is_named_with_its_mend(without_llama_cpp: Finished) -> None:
    gate = without_llama_cpp.gate("gguf.toolchain_ready")

    assert (gate["outcome"], gate["blocking"]) == ("failed", False)
    assert (
        "nowhere is not a folder; run make llama-cpp, or name a built llama.cpp with --llama-cpp=DIR" in gate["message"]
    )


@pytest.mark.parametrize("check", CHECKS[2:])
def test_what_needs_it_is_blocked_and_not_failed(without_llama_cpp: Finished, check: str) -> None:
    gate = without_llama_cpp.gate(f"gguf.{check}")

    assert gate["outcome"] == "blocked"
    assert "gguf.toolchain_ready is red" in gate["message"]


def test_the_merge_needs_no_llama_cpp_and_is_judged(without_llama_cpp: Finished) -> None:
    gate = without_llama_cpp.gate("gguf.merge_ok")

    assert gate["outcome"] == "passed", gate["message"]
    assert "output matrix is not the embeddings" in gate["message"]


def test_a_spec_without_the_table_has_no_such_gates(line: Line) -> None:
    assert not [gate for gate in gates.expected(load.load(line.spec)) if gate.area == "gguf"]


@pytest.mark.parametrize(("options", "blocking"), [("", False), ("blocking = false", False), ("blocking = true", True)])
def test_one_word_makes_them_a_condition_of_the_release(
    line: Line, tmp_path: Path, options: str, blocking: bool
) -> None:
    spec = load.load(with_gguf(line.copy(tmp_path), options).spec)

    found = [gate for gate in gates.expected(spec) if gate.area == "gguf" and gate.check in CHECKS]
    assert [gate.id for gate in found] == [f"gguf.{check}" for check in CHECKS]
    assert {gate.blocking for gate in found} == {blocking}
