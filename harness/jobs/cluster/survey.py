"""What the nodes of a cluster have in common, asked before a run: they must agree in all that results depend on."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from harness.engines.elsewhere import Nodes
from harness.errors import ClusterError
from harness.jobs.cluster import connection, marker, order
from harness.jobs.papers import Papers
from harness.jobs.process import watched, why
from harness.spec.compute import Compute

PATIENCE = 30.0
"""Seconds in which a node must come to see the store."""
MEND = (
    "give the nodes that agree a resource (ray start --resources='{\"greenrun\": 1}') and name it by [compute] resource"
)


def installed() -> None:
    """Raises ClusterError where Ray is not installed."""
    if find_spec("ray") is None:
        raise ClusterError(
            f'compute.engine = "ray", and Ray is not installed: {connection.INSTALL}, or set engine = "process"'
        )


def ask(compute: Compute, threads: int, store: Path | None) -> Nodes:
    """What all nodes have in common that can do a job.

    Args:
        store: that nodes must see; it is made where it is absent. None leaves that to the jobs.

    Raises:
        ClusterError: Ray or the cluster is not there, no node can do a job, or one differs from the others.
    """
    installed()
    with tempfile.TemporaryDirectory(prefix="greenrun-cluster-") as name, _marked(store) as left:
        place = Path(name)
        (place / "order.json").write_text(json.dumps(_question(compute, threads, left)), encoding="utf-8")
        own = Papers(place)
        status = watched("harness.jobs.cluster.surveyor", place, own.log, {}, lambda: None)
        if (ended := why(status, own)) is not None:
            raise connection.cut("asking the nodes what they are", compute.address, ended)
        own.end("asking the nodes what they are", None)
        told = json.loads((place / "answers.json").read_text(encoding="utf-8"))
    return agreed(told["nodes"], told["gpus"])


@contextmanager
def _marked(store: Path | None) -> Iterator[dict[str, str] | None]:
    """A marker in the store while the context lasts."""
    if store is None:
        yield None
        return
    store.mkdir(parents=True, exist_ok=True)
    left = marker.leave(store)
    try:
        yield left
    finally:
        with suppress(OSError):
            Path(left["path"]).unlink()


def _question(compute: Compute, threads: int, left: dict[str, str] | None) -> dict[str, Any]:
    return {
        "address": compute.address,
        "wanted": {"cpus": compute.cpus, "gpus": compute.gpus, "resource": compute.resource},
        "threads": threads,
        "marker": left,
        "patience": PATIENCE,
        "root": order.project(),
        "environment": order.environment(),
        "carried": list(order.CARRIED),
    }


def agreed(told: Sequence[Mapping[str, Any]], gpus: float) -> Nodes:
    """What the nodes have in common.

    Raises:
        ClusterError: one cannot do a job, is not as this machine in what must be equal, or not as the other nodes;
            names it, and what differs.
    """
    for one in told:
        if "cannot" in one:
            raise ClusterError(f"node {one['node']} cannot do jobs of this run: {one['cannot']}; or {MEND}")
    mine = {"files": order.files(), "versions": order.versions()}
    for one in told:
        for kind, own in mine.items():
            if other := _first(own, one["facts"][kind]):
                where = f"its project at {order.project()}" if kind == "files" else "its installed packages"
                raise ClusterError(
                    f"node {one['node']} has another project than this machine ({where}: {other}); make them the same"
                )
    first = told[0]
    for one in told[1:]:
        if other := _first(
            {**first["facts"]["machine"], "bfloat16": first["facts"]["bfloat16"]},
            {**one["facts"]["machine"], "bfloat16": one["facts"]["bfloat16"]},
        ):
            raise ClusterError(
                f"nodes {first['node']} and {one['node']} would not write the same bytes ({other}), and a job may run "
                f"on either; {MEND}"
            )
    return Nodes(first["facts"]["machine"], first["facts"]["bfloat16"], gpus)


def _first(own: Mapping[str, Any], other: Mapping[str, Any]) -> str:
    """The first entry in which two tables differ, in words; "" where they are equal."""
    for name in sorted(own.keys() | other.keys()):
        if own.get(name) != other.get(name):
            return f"{name}: {_short(own.get(name))} against {_short(other.get(name))}"
    return ""


def _short(value: object) -> str:
    return "none" if value is None else str(value)[:80]
