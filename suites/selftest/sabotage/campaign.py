"""Run the chosen sabotages ahead of their tests, a few at a time: each is a pytest process of its own."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from suites.selftest.child import Finished, Line, release
from suites.selftest.sabotage.case import Sabotage

AT_ONCE = 2
"""A release of the tiny line keeps one core busy (its spec says ``threads = 1``)."""


def own(line: Line, folder: Path) -> Line:
    """A copy of a line with its store, runs and release (a few megabytes): all of it may be spoiled."""
    shutil.copytree(line.spec.parent, folder / "line")
    shutil.copytree(line.out, folder / "out")
    return Line(folder / "line" / line.spec.name, folder / "out")


def run(sabotage: Sabotage, line: Line, folder: Path) -> Finished:
    """Spoil a copy of the line below `folder` and try to release it; the copy's artifacts go with it afterwards."""
    spoilt = own(line, folder)
    try:
        return release(spoilt, "spoilt", *sabotage.spoil(spoilt))
    finally:
        shutil.rmtree(spoilt.out / "store")


@contextmanager
def campaign(sabotages: Iterable[Sabotage], line: Line, folder: Path) -> Iterator[dict[str, Future[Finished]]]:
    """The runs by name, begun in the order given; those not yet begun when the context ends are dropped."""
    pool = ThreadPoolExecutor(AT_ONCE)
    try:
        yield {one.name: pool.submit(run, one, line, folder / one.name) for one in sabotages}
    finally:
        pool.shutdown(cancel_futures=True)
