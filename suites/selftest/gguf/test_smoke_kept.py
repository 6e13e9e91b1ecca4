"""What programs answered is kept, well or not; what they did not answer, since they failed, is asked again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from fixtures import gguf_builds
from harness.engines.llama_compute import Compute
from harness.errors import SmokeError
from harness.gguf.files import GgufFiles
from harness.gguf.smoke import Said
from harness.gguf.toolchain.find import Toolchain
from harness.spec import load
from harness.store.artifact import Artifact, Key, Request
from harness.store.store import Store
from suites.tiny.child import Line

SOUND = Said("one", "llama-completion", "It rises.", "")
ENDLESS = Said("one", "llama-completion", "and so on", "did not end by itself")
DEAD = Said("one", "llama-completion", "", "died of SIGSEGV", failed=True)


@pytest.fixture
def smoke(line: Line, tmp_path: Path) -> Callable[[list[list[Said]]], Request]:
    """``smoke(answers)``: the request whose program says the first of `answers`, and the next when asked again."""
    spec = load.load(line.spec)
    store, tools = Store(tmp_path / "store"), Toolchain(tmp_path, {}, tmp_path, tmp_path, None, "none", "digest")

    def some(kind: str) -> Artifact:
        return store.fetch(Key(kind, "", {}), lambda folder: None)

    def smoke(answers: list[list[Said]]) -> Request:
        parts = (some("base"), some("adapter"), GgufFiles(some("gguf"), some("lora")))
        return gguf_builds.smoke(spec, *parts, "cli", [], tools, Compute(1), lambda: answers.pop(0))

    return smoke


@pytest.mark.parametrize("said", [SOUND, ENDLESS], ids=["sound", "endless"])
def test_an_answer_is_kept(smoke: Callable[[list[list[Said]]], Request], said: Said, tmp_path: Path) -> None:
    answers = [[said], [DEAD]]
    request, store = smoke(answers), Store(tmp_path / "store")
    for _ in range(2):
        assert gguf_builds.read_smoke(store.fetch(request.key, request.build)) == [said]
    assert answers == [[DEAD]], "asked once"


def test_a_program_that_failed_is_asked_again(smoke: Callable[[list[list[Said]]], Request], tmp_path: Path) -> None:
    request, store = smoke([[SOUND, DEAD], [SOUND, ENDLESS]]), Store(tmp_path / "store")
    with pytest.raises(SmokeError, match=r"1 of 2 prompts were not answered\n  one, llama-completion: died of SIGSEGV"):
        store.fetch(request.key, request.build)
    assert gguf_builds.read_smoke(store.fetch(request.key, request.build)) == [SOUND, ENDLESS]
