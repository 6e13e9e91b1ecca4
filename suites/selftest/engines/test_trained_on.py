"""What a given adapter was trained on: the spec's word, its own configuration's, or an assumption that is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.engines import trained_on
from harness.errors import SpecError
from harness.gguf.read_back import Share, Weights
from harness.spec import load
from harness.spec.gguf import GgufGates
from suites.release.test_gguf import _too_wide
from suites.tiny.child import Line


def given(folder: Path, base: object = None) -> Path:
    (folder / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": base}), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("base", "weights"),
    [
        ("unsloth/Qwen3-8B-unsloth-bnb-4bit", "nf4"),
        ("unsloth/llama-3-8b-bnb-4bit", "nf4"),
        ("me/base-NF4", "nf4"),
        ("Qwen/Qwen3-8B", ""),
        ("me/confit4bits", ""),
        ("", ""),
        (None, ""),
        (7, ""),
    ],
)
def test_a_base_that_is_called_four_bit_is_believed(base: object, weights: str, tmp_path: Path) -> None:
    found = trained_on.origin("both", None, given(tmp_path, base), "nf4")
    assert found.weights == weights
    told = f"names the base {base!r}" if weights else '[adapters.both] trained_on = "bfloat16"'
    assert told in found.told


def test_the_specs_word_goes_before_the_adapters_own(tmp_path: Path) -> None:
    found = trained_on.origin("both", "bfloat16", given(tmp_path, "unsloth/x-bnb-4bit"), "nf4")
    assert (found.weights, found.told) == ("bfloat16", 'by [adapters.both] trained_on = "bfloat16"')


@pytest.mark.parametrize("written", ["", "[]", "{", '{"base_model_name_or_path": {}}', "[" * 10**5])
def test_a_configuration_that_cannot_be_read_says_nothing(written: str, tmp_path: Path) -> None:
    (tmp_path / "adapter_config.json").write_text(written, encoding="utf-8")
    assert trained_on.origin("both", None, tmp_path, "nf4").weights == ""
    assert trained_on.origin("both", None, tmp_path / "absent", "nf4").weights == ""


def test_of_an_adapter_that_is_trained_here_the_spec_says_nothing(line: Line, tmp_path: Path) -> None:
    copied = line.copy(tmp_path / "line")
    copied.edit(
        '[adapters.both]\ntasks = ["sea", "shore"]', '[adapters.both]\ntasks = ["sea", "shore"]\ntrained_on = "nf4"'
    )
    with pytest.raises(SpecError, match=r"adapters\.both\.trained_on: speaks of an adapter from elsewhere"):
        load.load(copied.spec)
    assert load.load(copied.spec, {"both": tmp_path}).adapters["both"].trained_on == "nf4"


@pytest.mark.parametrize(("asked", "advised"), [("Q4_0", False), ("Q5_0", False), ("Q4_K_M", True)])
def test_a_file_that_is_too_wide_is_not_told_to_be_of_the_type_that_it_was_asked_for(asked: str, advised: bool) -> None:
    weights = Weights({"Q4_0": Share(2, 100, 60), "F16": Share(1, 100, 200)}, 300, "")
    said = _too_wide(weights, GgufGates(quantization=asked), given=False)
    assert ("choose one with blocks of 32, such as Q4_0" in said) == advised
    assert "gates.gguf.bits_per_weight" in said or advised
