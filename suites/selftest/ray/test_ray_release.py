"""A whole release whose jobs a cluster does: the verdict and the bytes of one that a process of this machine did."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness.gates.entry import every
from harness.gates.records import ArtifactUsed
from harness.run import journal
from suites.selftest.ray.conftest import Nodes
from suites.tiny.child import Finished, Line, release

SECONDS = 900


def artifacts(finished: Finished) -> dict[str, str]:
    """Key -> digest of the content of all that the run rests on."""
    return {used.key: used.digest for used in every(journal.read(finished.run / "evidence"), ArtifactUsed)}


def outcomes(finished: Finished) -> list[tuple[Any, ...]]:
    told = ("id", "outcome", "value", "lower_bound", "n")
    return [tuple(gate[name] for name in told) for gate in finished.verdict["gates"]]


def test_a_release_on_a_cluster_has_the_verdict_and_the_artifacts_of_one_without(
    nodes: Nodes, line: Line, green: Finished, tmp_path: Path
) -> None:
    there = Line(line.copy(tmp_path / "line").spec, tmp_path / "out")
    there.edit("[release]", f'[compute]\nengine = "ray"\naddress = "{nodes.cluster.address}"\n\n[release]')
    finished = release(there, "cluster", "-n2", timeout=SECONDS)
    print(f"here {green.verdict['durations']['whole run']} s, there {finished.verdict['durations']['whole run']} s")
    assert finished.status == 0, finished.output
    assert outcomes(finished) == outcomes(green)
    assert artifacts(finished) == artifacts(green)
    assert len(artifacts(finished)) > 10
