"""What can be told of a cluster without one: which nodes will do, whether they agree, and that nobody imports Ray."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from harness.engines import elsewhere, form, gpu, processor
from harness.engines.elsewhere import Nodes
from harness.engines.progress import silent
from harness.errors import ClusterError, JobError
from harness.jobs.cluster import child, connection, marker, order, survey, surveyor
from harness.jobs.cluster.order import Wanted
from harness.spec.compute import Compute

MACHINE = {"device": "NVIDIA A100", "instructions": "AVX2", "threads": 2}


def test_nodes_that_would_write_other_bytes_are_refused_together() -> None:
    machine = {"device": "cpu", "instructions": "AVX2"}
    facts = {"machine": machine, "bfloat16": True, "versions": order.versions(), "files": order.files()}
    other = {**facts, "machine": {**machine, "instructions": "AVX512"}}
    rows = [{"node": "one", "facts": facts}, {"node": "two", "facts": other}]
    assert survey.agreed(rows[:1], 0.0) == Nodes(machine, True, 0.0)
    with pytest.raises(ClusterError, match=r"nodes one and two .* \(instructions: AVX2 against AVX512\).*resource"):
        survey.agreed(rows, 0.0)


@pytest.mark.parametrize("kind", ["files", "versions"])
def test_a_node_with_another_project_or_other_packages_is_refused(kind: str) -> None:
    facts = {"machine": {}, "bfloat16": True, "versions": order.versions(), "files": order.files()}
    name = min(facts[kind])  # type: ignore[type-var]
    changed = {**facts, kind: {**facts[kind], name: "another"}}  # type: ignore[dict-item]
    with pytest.raises(ClusterError, match=rf"node two .*{name}: .* against another"):
        survey.agreed([{"node": "one", "facts": facts}, {"node": "two", "facts": changed}], 0.0)


def test_without_ray_the_mend_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(survey, "find_spec", lambda name: None)
    with pytest.raises(ClusterError, match=r"Ray is not installed: python -m pip install -c constraints.txt ray, or"):
        survey.ask(Compute(engine="ray", cpus=1), 1, None)


def test_nothing_but_the_cluster_imports_ray() -> None:
    said = subprocess.run(
        [sys.executable, "-c", "import sys, harness.plugin, harness.jobs.cluster.runner; print('ray' in sys.modules)"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert said.stdout.strip() == "False"


def test_a_node_will_do_that_has_all_that_is_wanted_and_lives() -> None:
    wanted = Wanted(cpus=2, gpus=0.5, resource="greenrun")
    has = {"CPU": 2.0, "GPU": 1.0, "greenrun": 1.0}
    rows = [{"Alive": True, "Resources": has}, {"Alive": False, "Resources": has}]
    rows += [{"Alive": True, "Resources": {k: v for k, v in has.items() if k != name}} for name in has]
    assert connection.fit(rows, wanted) == rows[:1]


@pytest.mark.parametrize(("has", "gpus"), [(0.0, 0.0), (4.0, 1.0)])
def test_where_the_spec_leaves_it_open_a_job_takes_a_gpu_where_a_node_has_one(has: float, gpus: float) -> None:
    nodes = [{"Alive": True, "Resources": {"CPU": 8.0}}, {"Alive": True, "Resources": {"CPU": 8.0, "GPU": has}}]
    row = {"cpus": 1, "gpus": None, "resource": ""}
    assert surveyor.settled(nodes, row) == Wanted(1, gpus, "")
    assert surveyor.settled(nodes, {**row, "gpus": 0.25}) == Wanted(1, 0.25, "")


def test_what_the_keys_say_of_the_machine_is_what_the_nodes_told() -> None:
    before = form.machine(1)
    elsewhere.tell(Nodes(MACHINE, False, 1.0))
    try:
        assert form.machine(1) == {**MACHINE, "threads": 1}
        assert (gpu.found(), form.device(), processor.multiplies_bfloat16()) == (True, "cuda", False)
    finally:
        elsewhere.tell(None)
    assert form.machine(1) == before


def test_an_attempt_that_another_has_taken_the_place_of_ends_at_its_next_step(tmp_path: Path) -> None:
    paper = tmp_path / child.OWNER
    paper.write_text(json.dumps({"attempt": "attempt-1"}))
    told: list[int] = []
    step = child.fenced(lambda done, total: told.append(done), lambda: child.owner(paper) == "attempt-1", "the job")
    step(1, 3)
    paper.write_text(json.dumps({"attempt": "attempt-2"}))
    other = child.fenced(silent, lambda: child.owner(paper) == "attempt-1", "the job")
    with pytest.raises(JobError, match="the job: another attempt has taken its place"):
        other(2, 3)
    paper.unlink()
    with pytest.raises(JobError):
        child.fenced(silent, lambda: child.owner(paper) == "attempt-1", "the job")(2, 3)
    assert told == [1]


def test_a_marker_is_seen_missed_and_not_taken_for_another_runs(tmp_path: Path) -> None:
    left = marker.leave(tmp_path)
    assert marker.missing(left) == ""
    assert marker.missing({**left, "text": "another"}) == f"{tmp_path}/marker is another run's"
    Path(left["path"]).unlink()
    assert marker.missing(left) == f"{tmp_path}/marker: No such file or directory"


def test_an_order_comes_out_of_json_as_it_went_in() -> None:
    one = order.Order(
        label="adapter a", folder="/s/content", marker={"path": "/s/marker", "text": "1"}, patience=1.0, root="/p",
        environment={}, module="training.jobs", code="0", versions={}, machine=MACHINE, wanted=Wanted(1, 0.5, ""),
        retries=3, gone_after=2.0, address="auto",
    )  # fmt: skip
    assert order.Order.of(json.loads(json.dumps(one.row()))) == one
    assert asdict(one).items() <= one.row().items()
