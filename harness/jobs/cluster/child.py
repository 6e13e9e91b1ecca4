"""The process of one attempt, on its node: ``python -m harness.jobs.cluster.child PLACE``, a folder of the node's own
that holds the order, and at the end the outcome. Job and progress are with the artifact, in the store."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from harness.engines.progress import Progress
from harness.errors import JobError
from harness.jobs import outcome
from harness.jobs.cluster import order as orders
from harness.jobs.papers import Papers
from harness.store import digests

OWNER = "owner.json"
"""File beside the job's papers that names the attempt which is to go on; every other one ends itself."""
LOOKED_EVERY = 0.2


def main(place: Path) -> int:
    def do() -> None:
        order = json.loads((place / "order.json").read_text(encoding="utf-8"))
        check(order)
        carry_out(order)

    return outcome.told(Papers(place), do)


def check(order: Mapping[str, Any]) -> None:
    """Return where this node would write the bytes that the artifact's key stands for.

    Raises:
        JobError: its code, its packages or its machine are others.
    """
    wrong = differences(order)
    if wrong:
        raise JobError(f"{order['label']}: node {order['node']} cannot do this: {'; '.join(wrong)}")


def differences(order: Mapping[str, Any]) -> list[str]:
    """In words, what of this node is not as the run expects it."""
    from harness.engines import form

    if orders.code_of(order["module"]) != order["code"]:
        return [
            f"the code of {order['module']}, or of what it imports, below {order['root']} is another one than on "
            "the machine of the run; put the same there"
        ]
    found = orders.versions()
    told = [
        f"{name} is {found[name]} there and {mine} here"
        for name, mine in order["versions"].items()
        if found[name] != mine
    ]
    if order["machine"] is not None:
        mine = json.loads(digests.canonical(form.machine(order["machine"]["threads"])))
        told += [
            f"{name} is {mine[name]} there, and {asked} when the run opened"
            for name, asked in order["machine"].items()
            if mine[name] != asked
        ]
    return told


def carry_out(order: Mapping[str, Any]) -> None:
    """Do the job in the attempt's own folder, as the attempt that is to go on."""
    folder = Path(order["folder"]).with_name(order["attempt"])
    papers = Papers.beside(folder)
    job = papers.job()
    own = papers.folder / OWNER
    fresh = own.with_name(f"{order['attempt']}.new")
    fresh.write_text(json.dumps({"attempt": order["attempt"], "node": order["node"]}), encoding="utf-8")
    fresh.replace(own)
    folder.mkdir()
    job.carry_out(folder, fenced(papers.tell(), lambda: owner(own) == order["attempt"], order["label"]))


def owner(path: Path) -> str:
    """The attempt that is to go on; "" where that is not written anywhere any more."""
    try:
        return str(json.loads(path.read_text(encoding="utf-8"))["attempt"])
    except FileNotFoundError:
        return ""


def fenced(progress: Progress, mine: Callable[[], bool], label: str) -> Progress:
    """The callback, which also ends an attempt that another one has taken the place of: it may have been cut off from
    the cluster, and must not go on writing checkpoints.

    Raises:
        JobError: by the callback, when the job is not `mine` any more.
    """
    last = [0.0]

    def told(done: int, total: int) -> None:
        if time.monotonic() - last[0] >= LOOKED_EVERY:
            last[0] = time.monotonic()
            if not mine():
                raise JobError(f"{label}: another attempt has taken its place")
        progress(done, total)

    return told


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
