"""Held to common instructions, training ends in the same bytes on every processor that can be emulated here."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from harness.engines.processor import ATEN, ONEDNN
from suites.tiny import child
from suites.tiny import line as tiny

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
from training.setting import Setting
spec = spec_file.load(Path(sys.argv[1]) / "release.toml")
out = Path(sys.argv[2])
(out / "scratch").mkdir(parents=True)
items = checks.items_of(spec.tasks["sea"], "train")
recipe = Recipe(rank=8, alpha=16, batch_size=1, max_length=128, attention="eager", first_layer=1)
base, experiment = Path(sys.argv[1]) / "base", Experiment("e", 2, 1e-2)
adapter.train(base, items, Setting(recipe, experiment, 3, 1), out / "adapter", out / "scratch")
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
