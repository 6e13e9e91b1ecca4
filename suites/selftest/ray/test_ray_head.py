"""A cluster whose head dies in the middle of a job: Ray ends the driver's process, and pytest's goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import ClusterError
from harness.jobs.call import Call
from harness.jobs.cluster.runner import Cluster
from harness.jobs.job import Job
from suites.selftest.ray import jobs
from suites.selftest.ray.conftest import Nodes


def test_a_head_that_dies_is_told_in_one_sentence_and_pytest_lives_on(
    told: Nodes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_gcs_rpc_server_reconnect_timeout_s", "5")  # 60 otherwise
    content = tmp_path / "0123.partial" / "content"
    content.mkdir(parents=True)
    killed: list[int] = []

    def kill(done: int, total: int) -> None:
        if not killed:
            killed.append(done)
            told.cluster.head_node.kill_all_processes(check_alive=False, allow_graceful=False)

    job = Job(Call.of(jobs.wait, seconds=120.0), "the job", devices=0)
    with pytest.raises(ClusterError) as error:
        Cluster(told.compute).run(job, content, kill)
    print(error.value)
    assert "\n" not in str(error.value)
    assert f"the job: the connection to the Ray cluster at {told.cluster.address} is lost (" in str(error.value)
    assert [path.name for path in content.parent.iterdir()] == ["content"]
