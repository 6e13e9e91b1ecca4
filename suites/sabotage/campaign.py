"""Run the chosen sabotages ahead of their tests, a few at a time: each is a pytest process of its own."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from suites.sabotage.case import Sabotage
from suites.tiny.child import Finished, Line, release

AT_ONCE = 2
"""Runs at the same time. A release of the tiny line keeps one core busy (its spec says ``threads = 1``)."""


LONGEST = 3600
"""Time limit of one run in seconds: enough for a line of any size, on a machine that has other work."""


def own(line: Line, folder: Path) -> Line:
    """A copy of a line whose data may be spoiled, and whose store, runs and releases are linked file by file.

    Who spoils an artifact copies it first (`suites.sabotage.stored.artifact`).
    """
    shutil.copytree(line.spec.parent, folder / "line")
    linked(line.out, folder / "out")
    return Line(folder / "line" / line.spec.name, folder / "out")


def linked(source: Path, target: Path) -> None:
    """A copy of a folder in hard links, or in copies where the file system cannot; locks and half-built ones stay."""
    shutil.copytree(source, target, copy_function=_link, ignore=shutil.ignore_patterns("*.lock", "*.partial"))


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def run(
    sabotage: Sabotage, line: Line, folder: Path, *arguments: str, env: Mapping[str, str] | None = None
) -> Finished:
    """Spoil a copy of the line below `folder` and try to release it; the copy's artifacts go with it afterwards.

    Raises:
        NoTargetError: the line has nothing to spoil.
    """
    spoilt = own(line, folder)
    try:
        return release(spoilt, "spoilt", *sabotage.spoil(spoilt), *arguments, env=dict(env or {}), timeout=LONGEST)
    finally:
        shutil.rmtree(spoilt.out / "store")


@contextmanager
def campaign(
    sabotages: Iterable[Sabotage], line: Line, folder: Path, *arguments: str, env: Mapping[str, str] | None = None
) -> Iterator[dict[str, Future[Finished]]]:
    """The runs by name, begun in the order given; those not yet begun when the context ends are dropped."""
    pool = ThreadPoolExecutor(AT_ONCE)
    try:
        yield {one.name: pool.submit(run, one, line, folder / one.name, *arguments, env=env) for one in sabotages}
    finally:
        pool.shutdown(cancel_futures=True)
