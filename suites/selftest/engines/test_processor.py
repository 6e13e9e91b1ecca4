"""The processor: releases held to common instructions agree everywhere, and no precision is emulated unsaid."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.engines import processor
from harness.engines.processor import ATEN, MKL, ONEDNN
from suites.tiny import child
from suites.tiny import line as tiny

NO_GPU = Path("/nowhere")
AVX2 = frozenset({"avx2", "fma"})
BFLOAT16 = AVX2 | {"avx512f", "avx512_bf16"}


def test_holding_to_avx2_limits_every_library_and_what_it_starts() -> None:
    environment: dict[str, str] = {ONEDNN: "AVX512_CORE"}
    processor.hold("avx2", environment)
    assert environment == {ATEN: "avx2", ONEDNN: "AVX2", MKL: "AVX2"}


def test_a_lower_limit_stays() -> None:
    environment = {ATEN: "default", ONEDNN: "SSE41", MKL: "COMPATIBLE"}
    processor.hold("avx2", environment)
    assert environment == {ATEN: "default", ONEDNN: "SSE41", MKL: "COMPATIBLE"}


def test_native_changes_nothing() -> None:
    environment: dict[str, str] = {}
    processor.hold("native", environment)
    assert environment == {}


@pytest.mark.parametrize(
    ("flags", "environment", "expected"),
    [
        pytest.param(BFLOAT16, {}, True, id="avx512-bf16"),
        pytest.param(BFLOAT16, {ONEDNN: "AVX512_CORE"}, False, id="held-below-it"),
        pytest.param(AVX2, {}, False, id="avx2-alone"),
        pytest.param(frozenset(), {}, None, id="a-processor-that-says-nothing"),
    ],
)
def test_whether_bfloat16_has_instructions(
    flags: frozenset[str], environment: dict[str, str], expected: bool | None
) -> None:
    assert processor.multiplies_bfloat16(flags, environment, NO_GPU) is expected


def test_training_and_serving_in_a_precision_without_instructions_are_refused_before_the_run(tmp_path: Path) -> None:
    tiny.write_release(tmp_path)
    line = child.Line(tmp_path / "release.toml", tmp_path / "out")
    line.edit("max_length = 128", 'max_length = 128\nbase_dtype = "bfloat16"')
    line.edit("[generation]", '[serve.cpu]\ncompute = "bfloat16"\n\n[generation]')
    line.edit("threads = 1", 'threads = 1\ninstructions = "avx2"')
    if not processor.advertised() or processor.NVIDIA.exists():
        pytest.skip("only an x86-64 processor without a GPU says what it has")
    done = child.release(line, "held")
    assert done.status == 4
    assert "recipe.base_dtype: bfloat16, and this processor has no instructions" in done.output
    assert "serve.cpu.compute: bfloat16, and this processor has no instructions" in done.output
    assert not (tmp_path / "out").exists()
