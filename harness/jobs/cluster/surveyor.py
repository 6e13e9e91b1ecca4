"""The process that asks each node of a cluster what it is: ``python -m harness.jobs.cluster.surveyor PLACE``, a folder
that holds the question, and at the end the answers."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.errors import ClusterError
from harness.jobs import outcome
from harness.jobs.cluster import connection, on_node
from harness.jobs.cluster.order import Wanted
from harness.jobs.papers import Papers

PATIENCE = 300.0
"""Seconds in which every node must have answered; each imports torch for it."""


def main(place: Path) -> int:
    def do() -> None:
        told = answers(json.loads((place / "order.json").read_text(encoding="utf-8")))
        (place / "answers.json").write_text(json.dumps(told), encoding="utf-8")

    return outcome.told(Papers(place), do)


def answers(question: dict[str, Any]) -> dict[str, Any]:
    """``gpus``, what a job asks for, and ``nodes``, what each node that can do one told.

    Raises:
        ClusterError: there is no cluster, no such node, or one that does not answer.
    """
    with connection.connected(question["address"]) as ray:
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        nodes = ray.nodes()
        wanted = settled(nodes, question["wanted"])
        asked = connection.fit(nodes, wanted)
        if not asked:
            raise connection.unfit(question["address"], nodes, wanted)
        order = {**question, "wanted": {**question["wanted"], "gpus": wanted.gpus}}
        look = ray.remote(num_cpus=0, max_calls=1)(on_node.look)
        tasks = {
            look.options(scheduling_strategy=NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)).remote(
                order
            ): f"{node['NodeManagerHostname']} ({node['NodeManagerAddress']})"
            for node in asked
        }
        done, waiting = ray.wait(list(tasks), num_returns=len(tasks), timeout=PATIENCE)
        if waiting:
            raise ClusterError(f"node {tasks[waiting[0]]} did not say within {PATIENCE:g} s what it is")
        return {"gpus": wanted.gpus, "nodes": ray.get(done)}


def settled(nodes: Sequence[Mapping[str, Any]], row: Mapping[str, Any]) -> Wanted:
    """What a job wants. Where the spec does not say how many GPUs: one, where a node has one."""
    if row["gpus"] is not None:
        return Wanted(**row)
    with_one = Wanted(**{**row, "gpus": 1.0})
    return with_one if connection.fit(nodes, with_one) else Wanted(**{**row, "gpus": 0.0})


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
