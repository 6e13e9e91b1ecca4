"""A connection to a Ray cluster, for the processes that this room starts; each error of it is one sentence."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from harness.errors import ClusterError, GreenrunError
from harness.jobs.cluster import marker, on_node
from harness.jobs.cluster.order import Wanted

INSTALL = "python -m pip install -c constraints.txt ray"
ANSWERS_WITHIN = 10.0
"""Seconds in which the head of a cluster must take a connection."""


@contextmanager
def connected(address: str) -> Iterator[Any]:
    """Ray, as a driver of the cluster for as long as the context lasts.

    Raises:
        ClusterError: there is none at the address, or it is of another version.
    """
    import ray

    where = named(address)
    _knock(where)
    try:
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR, namespace="greenrun")
    except (ConnectionError, RuntimeError, ValueError, OSError, TimeoutError) as error:
        raise ClusterError(_refused(where, str(error))) from error
    try:
        # What a node runs first must not need the project there: it is what says that it is missing.
        for module in (on_node, marker):
            ray.cloudpickle.register_pickle_by_value(module)
        yield ray
    finally:
        with suppress(Exception):
            ray.shutdown()


def named(address: str) -> str:
    """The address as Ray will take it: ``auto`` is what RAY_ADDRESS says, where it says anything."""
    return (os.environ.get("RAY_ADDRESS") or address) if address == "auto" else address


def _knock(where: str) -> None:
    """Raises ClusterError where nobody listens: Ray itself would end the process."""
    if where.startswith("ray://"):
        raise ClusterError(
            f"compute.address: {where} is for Ray's client, which takes no part in the cluster; start a node on this "
            "machine (ray start --address=HOST:6379 --num-cpus=0), and name HOST:6379 or leave the key out"
        )
    host, colon, port = where.rpartition(":")
    if not colon:
        return  # Ray finds the cluster of this machine by itself
    if not port.isdecimal():
        raise ClusterError(f"compute.address: {where!r} is not HOST:PORT, for instance head.local:6379")
    try:
        with socket.create_connection((host, int(port)), ANSWERS_WITHIN):
            return
    except OSError as error:
        raise ClusterError(f"no Ray cluster answers at {where} ({error.strerror or error}); {_mend()}") from error


def _refused(where: str, said: str) -> str:
    words = " ".join(said.split())
    if "ersion mismatch" in said:
        return f"the Ray cluster at {where} is of another version: {words}; install the same Ray and Python on both"
    return f"no Ray cluster can be used at {where}: {words[:400]}; {_mend()}"


def _mend() -> str:
    return "start one (ray start --head), or name its head by [compute] address or RAY_ADDRESS"


def cut(label: str, address: str, ended: GreenrunError) -> ClusterError:
    """The error for a process of this room that ended without a word: Ray ends it where the head is gone."""
    return ClusterError(
        f"{label}: the connection to the Ray cluster at {named(address)} is lost ({ended}); see whether its head is up "
        "(ray status), and run the same command again, which goes on from what is stored"
    )


def fit(nodes: Sequence[Mapping[str, Any]], wanted: Wanted) -> list[Mapping[str, Any]]:
    """The nodes, of Ray's list, that are alive and can do a job at all."""
    return [one for one in nodes if one["Alive"] and wanted.met_by(one["Resources"])]


def unfit(address: str, nodes: Sequence[Mapping[str, Any]], wanted: Wanted) -> ClusterError:
    """The error for a cluster without such a node; a task would wait in it for ever."""
    alive = [one for one in nodes if one["Alive"]]
    has = "; ".join(sorted(_resources(one) for one in alive)) or "none"
    mend = "start a node that has, or ask for less by [compute] cpus, gpus or resource"
    return ClusterError(
        f"no node of the Ray cluster at {named(address)} has what a job wants ({wanted}); its nodes: {has}; {mend}"
    )


def _resources(node: Mapping[str, Any]) -> str:
    own = node["Resources"]
    return f"{node['NodeManagerAddress']} with {own.get('CPU', 0):g} CPUs, {own.get('GPU', 0):g} GPUs"
