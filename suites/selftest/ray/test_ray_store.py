"""The store that all share: lost, or not seen by a node, it is told in one sentence, with the node and the path."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from harness.errors import ClusterError, StoreError
from harness.jobs.call import Call
from harness.jobs.cluster import runner, survey
from harness.jobs.cluster.runner import Cluster
from harness.jobs.job import Job
from harness.spec.compute import Compute
from harness.store.store import Store
from suites.selftest.ray import jobs
from suites.selftest.ray.conftest import Nodes, until
from suites.selftest.ray.test_ray_training import KEY, PACE, STEPS, asked, fetched, training
from suites.tiny.child import Line

APART = "apart"
"""Resource of the node that has a view of the file system of its own."""


def test_a_store_that_goes_in_the_middle_of_a_training_is_told_in_one_sentence(
    told: Nodes, line: Line, tmp_path: Path
) -> None:
    store, away = tmp_path / "store", tmp_path / "away"

    def lose(done: int, total: int) -> None:
        if done >= 10 and store.exists():
            store.rename(away)

    with pytest.raises(StoreError) as error:
        fetched(store, told, training(line, tmp_path / "steps", PACE), lose)
    print(error.value)
    assert "\n" not in str(error.value)
    assert str(error.value).startswith("adapter slow: the shared store was lost, ")
    assert "No such file or directory" in str(error.value)
    assert f"{store}/adapter/" in str(error.value)


@pytest.fixture(scope="module")
def apart(nodes: Nodes, tmp_path_factory: pytest.TempPathFactory) -> tuple[Compute, Path, int]:
    """Jobs for a node that sees an empty folder in place of the store; the store, and the node's process."""
    place = tmp_path_factory.mktemp("apart")
    store = place / "store"
    store.mkdir()
    if subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode:
        pytest.skip("no view of the file system can be made here that differs (unshare --mount wants privileges)")
    node = nodes.add_alone(store, place, apart=1.0)
    until(lambda: len(nodes.cluster.global_state.node_table()) >= 4)
    return Compute(engine="ray", address=nodes.cluster.address, cpus=1, resource=APART), store, node.pid


def test_a_node_that_does_not_see_the_store_is_refused_when_the_run_opens(
    apart: tuple[Compute, Path, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    compute, store, _ = apart
    monkeypatch.setattr(survey, "PATIENCE", 1.0)
    with pytest.raises(ClusterError) as error:
        survey.ask(compute, 1, store)
    print(error.value)
    assert f"it does not see the store of the run ({store}/marker: No such file or directory)" in str(error.value)
    assert not list(store.iterdir())


def test_and_by_each_job_that_comes_to_it(
    told: Nodes, apart: tuple[Compute, Path, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    compute, store, _ = apart
    content = store / "adapter" / "0123.partial" / "content"
    content.mkdir(parents=True)
    monkeypatch.setattr(runner, "PATIENCE", 1.0)
    with pytest.raises(ClusterError) as error:
        Cluster(compute).run(Job(Call.of(jobs.write, text="x"), "the job", 0), content, lambda done, total: None)
    print(error.value)
    assert "the job: node " in str(error.value)
    assert f"does not see the store of the run ({content.parent}/job/marker: No such file" in str(error.value)


def test_a_store_that_goes_on_the_node_alone_names_the_node(
    told: Nodes, apart: tuple[Compute, Path, int], line: Line, tmp_path: Path
) -> None:
    """That node sees this test's store, until it is covered in the node's own view of the file system."""
    compute, _, process = apart
    store = tmp_path / "store"
    covered: list[int] = []

    def cover(done: int, total: int) -> None:
        if done >= 10 and not covered:
            covered.append(done)
            command = ["nsenter", f"--mount=/proc/{process}/ns/mnt", "mount", "-t", "tmpfs", "none", str(store)]
            subprocess.run(command, check=True)

    job = training(line, tmp_path / "steps", PACE)
    with pytest.raises(StoreError) as error:
        Store(store).fetch(KEY, lambda folder: Cluster(compute).run(job, folder, cover))
    print(error.value)
    assert str(error.value).startswith("adapter slow: the shared store was lost, node ")
    assert f"({store}/adapter/" in str(error.value)
    assert "No such file or directory" in str(error.value)
    assert asked(tmp_path / "steps")[-1][1] < STEPS
