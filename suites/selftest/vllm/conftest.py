"""The real vLLM in its own environment, random bases of two kinds, and a LoRA for each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.dataset.item import Item
from harness.engines import vllm_environment
from harness.engines.vllm_engine import Settings
from harness.engines.vllm_environment import Environment
from harness.errors import EngineError
from suites.tiny import vllm as tiny

SETTINGS = Settings(dtype="float32", context=4096, sequences=8, kv_cache_gib=1, threads=1)


@dataclass(frozen=True, slots=True)
class Made:
    """A base, and a LoRA on it."""

    base: Path
    lora: Path


@pytest.fixture(scope="session")
def environment() -> Environment:
    try:
        return vllm_environment.find()
    except EngineError as error:
        pytest.skip(f"{error}")


@pytest.fixture(scope="session", params=tiny.KINDS)
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Made:
    return make(tmp_path_factory.mktemp(request.param), request.param)


@pytest.fixture(scope="session")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return make(tmp_path_factory.mktemp("llama"), "llama")


def make(folder: Path, kind: str) -> Made:
    tiny.write_base(folder / "base", kind)
    tiny.write_lora(folder / "base", folder / "lora", alpha_pattern={"down_proj": 48}, rank_pattern={"q_proj": 8})
    return Made(folder / "base", folder / "lora")


def items(count: int = 24) -> list[Item]:
    """Items that differ in length and topic, each a cluster of its own."""
    system = {"role": "system", "content": "You know the sea."}
    said = ("Answer: the sea rises twice a day.", "Declined: graded work must be your own.")
    return [
        Item(
            f"sea-{k:02d}",
            "sea",
            "plain",
            f"topic {k}",
            (system, {"role": "user", "content": f"Tell me of {'wave ' * (k % 7)}number {k}"}),
            said[k % 2],
            (),
            k,
        )
        for k in range(count)
    ]
