"""What a cluster cannot do is told in one sentence that names the node, and nothing waits for ever."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from harness.engines import elsewhere
from harness.engines.elsewhere import Nodes as Told
from harness.engines.progress import Progress, silent
from harness.errors import ClusterError, GreenrunError, JobError, TrainingError
from harness.jobs.call import Call
from harness.jobs.cluster import order, runner, survey
from harness.jobs.cluster.runner import Cluster
from harness.jobs.job import Job
from harness.spec.compute import Compute
from suites.selftest.ray import jobs
from suites.selftest.ray.conftest import Nodes


@pytest.fixture
def content(tmp_path: Path) -> Path:
    folder = tmp_path / "store" / "adapter" / "0123.partial" / "content"
    folder.mkdir(parents=True)
    return folder


def done(nodes: Nodes, content: Path, job: Job, progress: Progress = silent, **compute: object) -> None:
    Cluster(replace(nodes.compute, **compute)).run(job, content, progress)  # type: ignore[arg-type]


def refused(nodes: Nodes, content: Path, job: Job, kind: type[GreenrunError], **compute: object) -> str:
    """The one sentence."""
    with pytest.raises(kind) as told:
        done(nodes, content, job, **compute)
    assert type(told.value) is kind
    assert "\n" not in str(told.value)
    assert not list(content.iterdir())
    assert [path.name for path in content.parent.iterdir()] == ["content"]
    print(told.value)
    return str(told.value)


WRITE = Job(Call.of(jobs.write, text="done"), "the job", devices=0)


def test_a_job_leaves_what_it_wrote_and_nothing_else(told: Nodes, content: Path) -> None:
    done(told, content, WRITE)
    assert {path.name: path.read_text() for path in content.iterdir()} == {"text": "done"}
    assert [path.name for path in content.parent.iterdir()] == ["content"]


def test_an_error_of_the_job_comes_back_as_it_was_raised(told: Nodes, content: Path) -> None:
    said = refused(told, content, Job(Call.of(jobs.refuse), "the job"), TrainingError)
    assert said == "the loss is nan at step 3 of 9; lower the learning rate"


def test_an_error_that_nobody_meant_names_the_line_the_node_and_its_log(told: Nodes, content: Path) -> None:
    said = refused(told, content, Job(Call.of(jobs.fail), "the job"), JobError)
    assert "the job: KeyError: 'nobody meant this'" in said
    assert "suites/selftest/ray/jobs.py:" in said
    log = Path(said.rpartition("its log there: ")[2])
    assert "Traceback" in log.read_text()
    shutil.rmtree(log.parent)


def test_a_process_that_the_system_ended_is_told_as_that_and_not_tried_again(told: Nodes, content: Path) -> None:
    said = refused(told, content, Job(Call.of(jobs.die), "the job"), JobError)
    assert "the job: its process was ended by SIGKILL, as the system ends a process where memory is out" in said


def test_where_no_cluster_answers_the_address_is_named(installed: None) -> None:
    with pytest.raises(ClusterError, match=r"^asking.*|no Ray cluster answers at 127.0.0.1:9 \(.*\); start one"):
        survey.ask(Compute(engine="ray", address="127.0.0.1:9", cpus=1), 1, None)


def test_a_gpu_that_no_node_has_is_refused_before_the_run(nodes: Nodes) -> None:
    with pytest.raises(ClusterError, match=r"no node .* what a job wants \(1 CPUs, 1 GPUs\); its nodes: .* 0 GPUs"):
        survey.ask(replace(nodes.compute, gpus=1.0), 1, None)


def test_a_job_that_no_node_can_do_any_more_does_not_wait_for_ever(
    told: Nodes, content: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "GONE_AFTER", 2.0)
    said = refused(told, content, WRITE, ClusterError, cpus=64)
    assert "has what a job wants (64 CPUs, 0 GPUs)" in said


def test_an_address_of_rays_client_is_refused_with_the_mend(nodes: Nodes) -> None:
    with pytest.raises(ClusterError, match=r"ray start --address=HOST:6379 --num-cpus=0"):
        survey.ask(replace(nodes.compute, address="ray://127.0.0.1:10001"), 1, None)


def test_code_that_differs_on_the_node_is_refused_by_name(
    told: Nodes, content: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(order, "code_of", lambda module: "0" * 64)
    said = refused(told, content, WRITE, JobError)
    assert "the code of suites.selftest.ray.jobs, or of what it imports, below" in said


def test_a_node_of_another_kind_than_when_the_run_opened_is_refused_by_name(told: Nodes, content: Path) -> None:
    nodes = elsewhere.told()
    assert nodes is not None
    elsewhere.tell(Told({**nodes.machine, "instructions": "Z80"}, nodes.bfloat16, nodes.gpus))
    said = refused(told, content, Job(Call.of(jobs.write, text="x"), "the job"), JobError)
    assert "there, and Z80 when the run opened" in said
