"""A training on a cluster: its node dies and another goes on from the checkpoint; whatever ends the run ends it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from harness.dataset.checks import items_of
from harness.engines.progress import Progress, silent
from harness.jobs.call import Call
from harness.jobs.cluster.child import OWNER
from harness.jobs.cluster.runner import Cluster
from harness.jobs.job import Job
from harness.jobs.process import Process
from harness.project import ROOT
from harness.spec import load
from harness.spec.recipe import Experiment
from harness.store import digests
from harness.store.artifact import Artifact, Key
from harness.store.store import Store
from suites.selftest.ray import jobs
from suites.selftest.ray.conftest import Nodes, until
from suites.tiny import child
from suites.tiny.child import Line
from training import trainers
from training.setting import Setting

KEY = Key("adapter", "slow", {"tiny": 1})
STEPS, PACE, KILLED_AT = 96, 0.08, 40


def training(line: Line, steps: Path, pace: float) -> Job:
    """24 epochs over 16 items in batches of 4."""
    spec = load.load(line.spec)
    setting = Setting(trainers.settled(spec.recipe), Experiment("slow", STEPS // 4, 1e-2), seed=7, threads=1)
    items = items_of(spec.tasks["sea"], "train")
    call = Call.of(jobs.train, base=line.spec.parent / "base", items=items, setting=setting, steps=steps, pace=pace)
    return Job(call, "adapter slow")


def asked(steps: Path) -> list[tuple[int, int]]:
    """(process, step) of every step that was run, in order."""
    return [tuple(map(int, row.split())) for row in steps.read_text().splitlines()] if steps.exists() else []  # type: ignore[misc]


def fetched(store: Path, nodes: Nodes, job: Job, progress: Progress = silent) -> Artifact:
    runner = Cluster(nodes.compute)
    return Store(store).fetch(KEY, lambda folder: runner.run(job, folder, progress))


@pytest.fixture(scope="module")
def undisturbed(line: Line, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Digests of the files of the same training, by a process of this machine."""
    place = tmp_path_factory.mktemp("undisturbed")
    (place / "content").mkdir()
    Process().run(training(line, place / "steps", 0.0), place / "content", silent)
    assert len(asked(place / "steps")) == STEPS
    return digests.of_folder(place / "content")


def test_when_its_node_is_killed_another_goes_on_from_the_checkpoint_to_the_same_bytes(
    told: Nodes, line: Line, undisturbed: dict[str, str], tmp_path: Path
) -> None:
    killed: list[str] = []

    def kill(done: int, total: int) -> None:
        if done >= KILLED_AT and not killed:
            (paper,) = (tmp_path / "store").glob(f"adapter/*.partial/job/{OWNER}")
            node = json.loads(paper.read_text())["node"]
            killed.append(node)
            told.kill(node.rpartition(" ")[2].rstrip(")"))

    began = time.monotonic()
    made = fetched(tmp_path / "store", told, training(line, tmp_path / "steps", PACE), kill)
    print(f"whole training with the kill: {time.monotonic() - began:.1f} s")
    told.add()

    steps = asked(tmp_path / "steps")
    (first, second) = dict.fromkeys(process for process, _ in steps)
    before, after = ([step for process, step in steps if process == one] for one in (first, second))
    print(f"first attempt: steps {before[0]}-{before[-1]}; second: {after[0]}-{after[-1]}")
    assert len(killed) == 1
    assert before[0] == 1
    assert before[-1] < STEPS
    assert 1 < after[0] <= before[-1] + 1, "it goes on from a checkpoint"
    assert after == list(range(after[0], STEPS + 1))
    assert digests.of_folder(made.path) == undisturbed
    assert [path.name for path in (tmp_path / "store").rglob("*") if path.name.startswith(("attempt-", "job"))] == []


DRIVER = """
import sys
from pathlib import Path
from harness.engines import elsewhere
from harness.jobs.cluster import survey
from harness.jobs.cluster.runner import Cluster
from harness.spec.compute import Compute
from harness.store.store import Store
from suites.selftest.ray.test_ray_training import KEY, training
from suites.tiny.child import Line

compute = Compute(engine="ray", address=sys.argv[1], cpus=1)
elsewhere.tell(survey.ask(compute, 1, None))
job = training(Line(Path(sys.argv[2]), Path()), Path(sys.argv[4]), float(sys.argv[5]))
runner = Cluster(compute)
built = []
made = Store(Path(sys.argv[3]), on_build=lambda key, one: built.append(key)).fetch(
    KEY, lambda folder: runner.run(job, folder, lambda done, total: None)
)
print(len(built), made.digest)
"""


def driver(nodes: Nodes, line: Line, store: Path, steps: Path, pace: float) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", DRIVER, nodes.cluster.address, *map(str, (line.spec, store, steps, pace))]
    return subprocess.Popen(
        command, cwd=ROOT, env=child.environment({}), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_two_drivers_of_one_store_have_an_artifact_built_once(
    nodes: Nodes, line: Line, undisturbed: dict[str, str], tmp_path: Path
) -> None:
    both = [driver(nodes, line, tmp_path / "store", tmp_path / "steps", 0.0) for _ in range(2)]
    said = [one.communicate(timeout=240) for one in both]
    rows = [out.split() for out, _ in said]
    assert sorted(row[0] for row in rows) == ["0", "1"], said
    assert len({row[1] for row in rows}) == 1
    assert rows[0][1] == digests.of_value(undisturbed)
    assert [step for _, step in asked(tmp_path / "steps")] == list(range(1, STEPS + 1))


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda one: one.name)
def test_whatever_ends_the_driver_ends_its_job_and_the_next_run_goes_on(
    nodes: Nodes, line: Line, undisturbed: dict[str, str], tmp_path: Path, ending: signal.Signals
) -> None:
    one = driver(nodes, line, tmp_path / "store", tmp_path / "steps", PACE)
    until(lambda: len(asked(tmp_path / "steps")) >= KILLED_AT)
    process = asked(tmp_path / "steps")[0][0]
    one.send_signal(ending)
    one.communicate(timeout=60)
    ended = time.monotonic()
    until(lambda: not lives(process), 30)
    print(f"{ending.name}: the job ended within {time.monotonic() - ended:.1f} s")
    reached = asked(tmp_path / "steps")[-1][1]
    assert reached < STEPS

    other = driver(nodes, line, tmp_path / "store", tmp_path / "steps", 0.0)
    out, error = other.communicate(timeout=240)
    assert out.split() == ["1", digests.of_value(undisturbed)], error
    again = [step for found, step in asked(tmp_path / "steps") if found != process]
    assert 1 < again[0] <= reached + 1


def lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return "Z" not in Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
