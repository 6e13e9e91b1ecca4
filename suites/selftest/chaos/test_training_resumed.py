"""A training whose process was killed is gone on with by the next one that asks the store for the same adapter."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from suites.tiny import child
from suites.tiny.child import Line

TRAIN = """
import os, signal, sys
from pathlib import Path
from fixtures import builds
from harness.spec import load as spec_file
from harness.store.artifact import Artifact
from harness.dataset.checks import items_of
from harness.spec.recipe import Experiment
from harness.store.store import Store
from training import checkpoints

spec = spec_file.load(Path(sys.argv[1]))
checkpoints.EVERY = 0.0

def step(done, total):
    print(done, flush=True)
    if done == int(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)

items = items_of(spec.tasks["sea"], "train")
base = Artifact.at(spec.path.parent / "base", "base")
wanted = builds.adapter(spec, base, Experiment("one", 3, 1e-2), spec.adapters[spec.candidate], items, step)
print(Store(Path(sys.argv[2])).fetch(wanted.key, wanted.build).digest)
"""
NEVER = 0


def test_a_killed_training_goes_on_in_the_next_process_and_ends_in_the_same_adapter(line: Line, tmp_path: Path) -> None:
    killed = _train(line, tmp_path / "store", 7)
    resumed = _train(line, tmp_path / "store", NEVER)
    whole = _train(line, tmp_path / "other store", NEVER)

    assert killed.returncode == -signal.SIGKILL
    assert resumed.stdout.split()[0] == "7", "the six steps before are not trained again"
    assert resumed.stdout.split()[-1] == whole.stdout.split()[-1]
    assert not list(tmp_path.rglob("checkpoint-*"))


def _train(line: Line, store: Path, killed_at: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", TRAIN, str(line.spec), str(store), str(killed_at)],
        cwd=child.ROOT,
        env=child.environment({}),
        capture_output=True,
        text=True,
        check=False,
    )
