"""Decide what the store keeps: artifacts of the last runs, of every release, and pinned ones.

``python -m harness.run.retention OUT`` reports sizes and removes nothing; ``--keep-last N`` removes what is left over.
A spec that says ``[store] keep_last = N`` asks for the same at the end of each run. No artifact is ever removed
unasked; of steps on the way to a file `harness.run.steps` removes the content.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from harness.gates.entry import Unreadable, every
from harness.gates.records import ArtifactUsed, RunOpened
from harness.gates.shipping import STAMPS
from harness.run import alive
from harness.run import journal as evidence
from harness.store.store import PIN

SKEW = 24 * 3600.0
"""Seconds by which another machine's clock may be wrong: artifacts used since a day before a run's beginning are
kept."""

Reason = str
"""Why an artifact stays: "released", "pinned", "recent"; "" where nothing holds it."""


@dataclass(frozen=True, slots=True)
class Held:
    """An artifact in the store, and the reason to keep it."""

    folder: Path
    size: int
    """Bytes."""
    reason: Reason

    @property
    def kind(self) -> str:
        return self.folder.parent.name


def survey(out: Path, keep_last: int, current: str = "") -> list[Held]:
    """Every artifact below `out`, with the reason that it stays once only the last `keep_last` runs count.

    An artifact is recent if one of those runs used it, by its journal, or anything did after the oldest of them began,
    or any run that is still under way, on whatever machine: it may be about to use again what it used at first; so is
    it with a run whose journal another version of greenrun wrote, since what that used is not known here. The run
    `current` always is among the last: with a clock that was set back it would seem the oldest, and lose its own.
    """
    known = sorted(runs(out), key=lambda run: -run.began)
    since = known[keep_last - 1].began if 0 < keep_last <= len(known) else (0.0 if keep_last else float("inf"))
    since = min([since, *(run.began for run in known if run.under_way or run.unread)])
    released = {key for run in known if run.released for key in run.keys}
    last = {key for run in known[:keep_last] for key in run.keys}
    last |= {key for run in known if run.id == current or run.under_way for key in run.keys}
    return [_held(folder, released, last, since) for folder in sorted((out / "store").glob("*/*/")) if _whole(folder)]


def abandoned(out: Path) -> list[Path]:
    """Half-written bundles below ``out/releases`` whose runs are over: each was left by a kill while publishing."""
    found = []
    for folder in (out / "releases").glob("*.partial"):
        name = folder.name.removesuffix(".partial")
        owners = [
            run for run in (out / "runs").glob("*/") if any(name.endswith(f"-{run.name}{stamp}") for stamp in STAMPS)
        ]
        if owners and not any(alive.lives(run, evidence.read(run / "evidence")) for run in owners):
            found.append(folder)
    return sorted(found)


def remove(held: Sequence[Held]) -> int:
    """Remove the artifacts that nothing holds; returns the bytes that came free. One that is being built is left."""
    freed = 0
    for one in held:
        if one.reason:
            continue
        try:
            with FileLock(one.folder.with_name(f"{one.folder.name}.lock"), timeout=0):
                doomed = one.folder.with_name(f"{one.folder.name}.partial")  # as a killed builder leaves: no artifact
                shutil.rmtree(doomed, ignore_errors=True)
                one.folder.rename(doomed)
                shutil.rmtree(doomed)
                freed += one.size
        except Timeout:
            continue
    return freed


def table(held: Sequence[Held]) -> str:
    """Sizes by kind and reason, in MiB."""
    lines = [f"{'kind':<12} {'artifacts':>9} {'MiB':>10} {'of it free to go':>17}"]
    for kind in sorted({one.kind for one in held}):
        own = [one for one in held if one.kind == kind]
        lines.append(
            f"{kind:<12} {len(own):>9} {_mib(own):>10.1f} {_mib([one for one in own if not one.reason]):>17.1f}"
        )
    lines.append(
        f"{'all':<12} {len(held):>9} {_mib(held):>10.1f} {_mib([one for one in held if not one.reason]):>17.1f}"
    )
    return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class OneRun:
    id: str
    began: float
    released: bool
    keys: frozenset[str]
    under_way: bool
    """No verdict yet, and its process runs, or may run where it cannot be seen from here."""
    unread: bool
    """Its journal has records that cannot be read here, so what it used is unknown."""


def runs(out: Path) -> Iterator[OneRun]:
    """Every run below `out` that left a journal."""
    for folder in (out / "runs").glob("*/"):
        journal = evidence.read(folder / "evidence")
        if journal:
            name = next((opened.release for opened in every(journal, RunOpened)), "")
            keys = frozenset(used.key[:24] for used in every(journal, ArtifactUsed))
            bundles = (f"{name}-{folder.name}{stamp}" for stamp in STAMPS)
            released = any((out / "releases" / bundle).is_dir() for bundle in bundles)
            waits = not (folder / "verdict.json").exists() and alive.lives(folder, journal)
            unread = bool(every(journal, Unreadable))
            began = journal[0].at - (SKEW if waits and alive.elsewhere(journal) else 0.0)
            yield OneRun(folder.name, began, released, keys, waits, unread)


def _whole(folder: Path) -> bool:
    return (folder / "manifest.json").is_file() and not folder.name.endswith(".partial")


def _held(folder: Path, released: set[str], last: set[str], since: float) -> Held:
    stats = [path.stat() for path in folder.rglob("*") if path.is_file()]
    size = sum(one.st_size // one.st_nlink for one in stats)  # a hard link shares its bytes (`harness.engines.rounded`)
    if (folder / PIN).exists():
        return Held(folder, size, "pinned")
    if folder.name in released:
        return Held(folder, size, "released")
    return Held(folder, size, "recent" if folder.name in last or folder.stat().st_mtime >= since else "")


def _mib(held: Sequence[Held]) -> float:
    return sum(one.size for one in held) / 2**20


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m harness.run.retention", description="Sizes of the artifact store.")
    parser.add_argument(
        "out", type=Path, metavar="OUT", help="the folder that runs write to: the one that holds store/"
    )
    parser.add_argument("--keep-last", type=int, metavar="N", help="remove what only runs before the last N used")
    given = parser.parse_args(arguments)
    if not (given.out / "store").is_dir():
        parser.error(f"{given.out / 'store'} does not exist; name the folder that was given to --out")
    if given.keep_last is not None and given.keep_last < 1:
        parser.error("--keep-last: at least 1, or the artifacts of the last run would go as well")
    held = survey(given.out, given.keep_last or 1)
    print(table(held))
    if given.keep_last is not None:
        print(f"removed: {remove(held) / 2**20:.1f} MiB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
