"""The tokens that the page of costs counts with are those of the items, by either base's published tokenizer."""

from __future__ import annotations

from pathlib import Path

from transformers import AutoTokenizer

from harness.engines import base_model
from harness.project import ROOT
from harness.spec import load
from suites.cost import tokens


def test_the_mission_has_the_tokens_that_its_costs_are_of(base: Path) -> None:
    spec = load.load(ROOT / "data" / "v3-qwen3" / "release.toml")
    assert tokens.count(AutoTokenizer.from_pretrained(base), spec) == tokens.QWEN3


def test_the_default_release_has_the_tokens_that_its_costs_are_of() -> None:
    spec = load.load(ROOT / "data" / "v3" / "release.toml")
    file = base_model.locate(spec)
    tokenizer = AutoTokenizer.from_pretrained(file.parent, gguf_file=file.name)
    assert tokens.count(tokenizer, spec) == tokens.SMOLLM2
