"""What a node is asked to do: tell what it is, and attempt a job. This module is sent there whole, and needs nothing of
the project on the way: so it can tell that the project or the store is not there."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import uuid
from pathlib import Path
from typing import Any

from harness.jobs.cluster.marker import LOST, missing

KEPT = 500
"""Characters of a log that are told."""


def here() -> str:
    """This node, for people: ``worker3 (10.0.0.3, 5f0c1a2b)``, the last being the beginning of Ray's id."""
    import ray

    return f"{socket.gethostname()} ({ray.util.get_node_ip_address()}, {ray.get_runtime_context().get_node_id()[:8]})"


def cannot(order: dict[str, Any]) -> str:
    """Why this node cannot even begin; "" where it can."""
    if order["marker"] and (cause := missing(order["marker"], order["patience"])):
        return f"it does not see the store of the run ({cause}): mount the store there, under the same path as here"
    if not Path(order["root"], "harness", "jobs", "cluster", "child.py").is_file():
        return f"the project is not there at {order['root']}: put it there, as it is here, or share that folder"
    return ""


def environment(order: dict[str, Any]) -> dict[str, str]:
    """The node's own, with the run's values of what changes results, and without GPUs where none was asked for: whether
    Ray hides them then depends on its version."""
    own = {name: value for name, value in os.environ.items() if name not in order["carried"]}
    hidden = {} if order["wanted"]["gpus"] else {"CUDA_VISIBLE_DEVICES": ""}
    return {**own, **order["environment"], **hidden}


def look(order: dict[str, Any]) -> dict[str, Any]:
    """What this node is.

    Returns:
        ``node``, and either ``cannot`` (why) or ``facts`` (`harness.jobs.cluster.facts`).
    """
    node = here()
    if cause := cannot(order):
        return {"node": node, "cannot": cause}
    seen = environment(order)
    if order["wanted"]["gpus"]:
        seen.pop("CUDA_VISIBLE_DEVICES", None)  # this task has none of the GPUs that a job will have one of
    done = subprocess.run(
        [sys.executable, "-m", "harness.jobs.cluster.facts", str(order["threads"])],
        cwd=order["root"],
        env=seen,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        return {"node": node, "cannot": f"it cannot say what it is: {' '.join(done.stderr[-KEPT:].split())}"}
    return {"node": node, "facts": json.loads(done.stdout.splitlines()[-1])}


def attempt(order: dict[str, Any]) -> dict[str, Any]:
    """Do the job in a folder of this attempt's own.

    Returns:
        ``node``, and either ``cannot`` (why), ``lost`` (the store went), or ``attempt`` (the name of its folder beside
        the artifact's) with ``outcome`` as `harness.jobs.papers` writes one.
    """
    node = here()
    if cause := cannot(order):
        return {"node": node, "cannot": cause}
    name = f"attempt-{uuid.uuid4().hex[:12]}"
    place = Path(tempfile.mkdtemp(prefix="greenrun-job-"))
    (place / "order.json").write_text(json.dumps({**order, "node": node, "attempt": name}), encoding="utf-8")
    with (place / "log").open("w", encoding="utf-8") as log:
        done = subprocess.run(
            [sys.executable, "-m", "harness.jobs.cluster.child", str(place)],
            cwd=order["root"],
            env=environment(order),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            check=False,
        )
    outcome = _outcome(place, done.returncode)
    if outcome and (cause := missing(order["marker"]) or _stale(outcome)):
        return {"node": node, "lost": cause}
    if outcome.get("class", "-") == "":  # nobody's on purpose: its traceback is in the log, which is kept
        outcome["words"] += f"; on node {node}, its log there: {place / 'log'}"
    else:
        shutil.rmtree(place, ignore_errors=True)
    return {"node": node, "attempt": name, "outcome": outcome}


def _outcome(place: Path, status: int) -> dict[str, Any]:
    """What the job's process told at its end, or how it ended without a word."""
    try:
        told: dict[str, Any] = json.loads((place / "outcome.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        words = " ".join((place / "log").read_text(encoding="utf-8", errors="replace")[-KEPT:].split())
        how = f"failed with exit status {status}"
        if status < 0:
            how = f"was ended by {signal.Signals(-status).name}"
            how += ", as the system ends a process where memory is out" if status == -signal.SIGKILL else ""
        return {"class": "", "arguments": [], "words": f"its process {how}{': ' if words else ''}{words}"}
    return told


def _stale(outcome: dict[str, Any]) -> str:
    """Words of an error that a lost file system gives, although it may be there again by now; "" for any other."""
    first = (outcome["arguments"] or [None])[0]
    return str(outcome["words"]) if outcome["class"].startswith("builtins:") and first in LOST else ""
