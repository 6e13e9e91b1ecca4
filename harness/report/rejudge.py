"""Reach a run's verdict again from its journal alone, also for a run that died before it could reach one.

What the journal rests on is checked: the run's folder has its name, the journal is byte for byte the one that its
verdict was reached from, and each artifact that is still in the store is the one that was measured.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.errors import GreenrunError
from harness.gates.entry import Entry, Unreadable, every
from harness.gates.gate import Gate
from harness.gates.records import ArtifactUsed, RunOpened, Taint
from harness.gates.verdict import reach
from harness.report import document
from harness.run import journal as evidence
from harness.store.store import Store


class NoRunError(GreenrunError):
    """Raised when a folder is no run that could be reported: the message says what is missing or differs."""


def judge(folder: Path) -> Any:
    """The verdict document of the run in `folder`.

    Raises:
        NoRunError: there is no journal, or something is not what the journal says.
    """
    journal = evidence.read(folder / "evidence")
    run = next(iter(every(journal, RunOpened)), None)
    if run is None:
        raise NoRunError(
            f"{folder}: no run's folder: its journal (evidence/*.jsonl) does not say what was to be judged"
        )
    problems = [*_no_verdict(folder), *_other_name(folder, run)]
    if not problems:
        problems = [*_other_journal(folder), *_unreadable(folder, journal), *_other_artifacts(folder, journal)]
    if problems:
        raise NoRunError("\n".join(problems))
    try:
        gates = [Gate(**gate) for gate in run.gates]
        verdict = reach(gates, [*journal, *_died(folder)])
        paper = document.build(verdict, journal, evidence.digests_of(folder / "evidence"))
    except (KeyError, TypeError, AttributeError) as error:
        raise NoRunError(f"{folder}/evidence: a record lacks what reports need ({error}); was it edited?") from error
    return _agreeing(folder, paper)


def _died(folder: Path) -> Iterator[Entry]:
    """A taint for a run that journalled its last gate and died before its verdict: it released nothing."""
    if not (folder / "verdict.json").is_file():
        yield Entry("main", 0.0, Taint("the run died before it wrote a verdict"))


def _no_verdict(folder: Path) -> Iterator[str]:
    """A problem with a verdict that does not name the journal that it was reached from: any journal would agree with
    it."""
    path = folder / "verdict.json"
    if not path.is_file():
        return
    read = _verdict(folder)
    noted = read.get("evidence")
    if not isinstance(read.get("verdict"), str) or not isinstance(noted, Mapping) or not noted:
        yield (
            f"{path}: says no verdict with the digests of the journal that it was reached from, so nothing shows that "
            "this journal is the one; restore it, or release again"
        )


def _other_name(folder: Path, run: RunOpened) -> Iterator[str]:
    if folder.resolve().name != run.run_id:
        yield f"{folder}: holds the journal of run {run.run_id!r}; a run's folder bears the run's name"


def _other_journal(folder: Path) -> Iterator[str]:
    """Files of the journal that differ from those that the verdict was reached from; none for a run that died."""
    noted = _verdict(folder).get("evidence", {})
    found = evidence.digests_of(folder / "evidence") if (folder / "verdict.json").is_file() else {}
    for name in sorted(noted.keys() | found.keys()):
        if noted.get(name) != found.get(name):
            yield (
                f"{folder}/evidence/{name}: the verdict was reached from sha256 {noted.get(name, 'no such file')}, "
                f"the disk holds {found.get(name, 'no such file')}; restore the journal, or release again"
            )


def _unreadable(folder: Path, journal: Sequence[Entry]) -> Iterator[str]:
    """Problems with records that cannot be read here: their content would be missing from the reports."""
    for one in every(journal, Unreadable):
        yield f"{folder}/evidence/{one.problem}"


def _other_artifacts(folder: Path, journal: Sequence[Entry]) -> Iterator[str]:
    """Problems with artifacts in the store that are not those that were measured."""
    store = Store(folder.resolve().parent.parent / "store")
    used = {(one.name, one.stage, one.key, one.digest) for one in every(journal, ArtifactUsed)}
    for name, stage, key, digest in sorted(used):
        try:
            found = store.digest_of(stage, key)
        except ValueError as error:
            found = str(error)
        if found not in (None, digest):
            yield f"{name}: the run measured content {digest}, the store holds {found}; release again"


def _agreeing(folder: Path, paper: Mapping[str, Any]) -> Mapping[str, Any]:
    known = _verdict(folder).get("verdict", paper["verdict"])
    if known != paper["verdict"]:
        raise NoRunError(f"{folder}/verdict.json: says {known!r}, its journal says {paper['verdict']!r}")
    return paper


def _verdict(folder: Path) -> Mapping[str, Any]:
    """The run's own verdict document; empty where the run died before it, or where the file is damaged beyond
    reading."""
    try:
        read = json.loads((folder / "verdict.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return read if isinstance(read, dict) else {}
