"""The processor: releases held to common instructions agree everywhere, and no precision is emulated unsaid."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from harness.engines import processor
from harness.engines.processor import ATEN, MKL, ONEDNN
from suites.selftest import child, tiny

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


TRAIN = """
import sys
from pathlib import Path
from harness.engines import processor
processor.hold("avx2")
from harness.dataset import checks
from harness.spec.recipe import Experiment, Recipe
from harness.spec import load as spec_file
from harness.store import digests
from training import adapter
spec = spec_file.load(Path(sys.argv[1]) / "release.toml")
out = Path(sys.argv[2])
(out / "scratch").mkdir(parents=True)
items = checks.items_of(spec.tasks["sea"], "train")
recipe = Recipe(rank=8, alpha=16, batch_size=1, max_length=128, attention="eager", first_layer=1)
base, experiment = Path(sys.argv[1]) / "base", Experiment("e", 2, 1e-2)
adapter.train(base, items, recipe, experiment, 3, 1, out / "adapter", out / "scratch")
print(digests.of_file(out / "adapter" / "adapter_model.safetensors"))
"""


@pytest.mark.slow
def test_an_adapter_is_the_same_bytes_on_every_processor_that_can_be_emulated(tmp_path: Path) -> None:
    tiny.write_release(tmp_path / "line")
    emulated = {"as it is": {}, "avx512 without bf16": {ONEDNN: "AVX512_CORE"}, "avx2": {ATEN: "avx2", ONEDNN: "AVX2"}}
    found = {}
    for number, (name, limits) in enumerate(emulated.items()):
        command = [sys.executable, "-c", TRAIN, str(tmp_path / "line"), str(tmp_path / f"out-{number}")]
        environment = {"PATH": "/usr/bin:/bin", "HF_HUB_OFFLINE": "1", **limits}
        done = subprocess.run(command, env=environment, cwd=child.ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        found[name] = done.stdout.split()[-1]
    assert len(set(found.values())) == 1, found


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


def test_training_in_a_precision_without_instructions_is_refused_before_the_run(tmp_path: Path) -> None:
    tiny.write_release(tmp_path)
    line = child.Line(tmp_path / "release.toml", tmp_path / "out")
    line.edit("max_length = 128", 'max_length = 128\nbase_dtype = "bfloat16"')
    line.edit("threads = 1", 'threads = 1\ninstructions = "avx2"')
    if not processor.advertised() or processor.NVIDIA.exists():
        pytest.skip("only an x86-64 processor without a GPU says what it has")
    done = child.release(line, "held")
    assert done.status == 4
    assert "recipe.base_dtype: bfloat16, and this processor has no instructions" in done.output
    assert not (tmp_path / "out").exists()
