"""Find what the last run of a release left in the store: its base, its adapters and its answers.

Keys are not computed again: the run's journal names each artifact that the run used, with its digest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.errors import GreenrunError
from harness.gates.entry import Entry, every, last
from harness.gates.records import ArtifactUsed, RunOpened, Selection
from harness.run import journal as evidence
from harness.spec.objects import Spec
from harness.store.store import Store


class NothingStoredError(GreenrunError):
    """Raised when no run left what was asked for: the message names it and the mend."""


@dataclass(frozen=True, slots=True)
class LastRun:
    """The newest run of a release that got as far as a base model."""

    id: str
    out: Path
    experiment: str
    """Name of the selected experiment; "" where every adapter was given, or none qualified."""
    artifacts: Mapping[str, ArtifactUsed]
    """Name, such as ``answers v3b multitask style benchmark`` -> the journal's record."""

    def find(self, name: str) -> Path | None:
        """Folder with the content of an artifact, checked against the digest in the journal; None where the run used
        none of that name.

        Raises:
            NothingStoredError: it has gone from the store, or is not what the run measured.
        """
        record = self.artifacts.get(name)
        if record is None:
            return None
        store = Store(self.out / "store")
        found = store.digest_of(record.stage, record.key)
        if found != record.digest:
            state = "is no longer in" if found is None else "is not what that run measured in"
            raise NothingStoredError(f"{name} of run {self.id} {state} {store.root}; run the release again")
        return store.root / record.stage / record.key[:24] / "content"

    def get(self, name: str) -> Path:
        """As `find`, for artifacts that every run has.

        Raises:
            NothingStoredError: as `find`, and where the run had none such.
        """
        found = self.find(name)
        if found is None:
            known = ", ".join(sorted(one for one in self.artifacts if one.split()[0] == name.split()[0])) or "none"
            raise NothingStoredError(f"run {self.id} left no {name!r} (it left: {known}); run the release first")
        return found

    def adapter(self, name: str) -> tuple[str, Path]:
        """(label, folder) of the adapter that the run judged under that name.

        Raises:
            NothingStoredError
        """
        for label in (f"{self.experiment} {name}", f"given {name}"):
            if found := self.find(f"adapter {label}"):
                return label, found
        return f"{self.experiment} {name}", self.get(f"adapter {self.experiment} {name}".replace("  ", " "))


def last_run(out: Path, spec: Spec) -> LastRun:
    """The newest run of the spec's release below ``out/runs`` that got as far as a base model.

    Raises:
        NothingStoredError: there is none.
    """
    found = [run for run in _runs(out, spec) if "base" in run[1].artifacts]
    if not found:
        raise NothingStoredError(
            f"no run of release {spec.name!r} below {out / 'runs'} has a base model: run pytest suites/release first, "
            "or name another place with --out"
        )
    return max(found, key=lambda run: run[0])[1]


def _runs(out: Path, spec: Spec) -> Iterator[tuple[float, LastRun]]:
    for folder in sorted((out / "runs").glob("*/evidence")):
        journal = evidence.read(folder)
        began = [
            entry.at for entry in journal if isinstance(entry.record, RunOpened) and entry.record.release == spec.name
        ]
        if began:
            yield began[0], of_journal(folder.parent.name, out, journal)


def of_journal(run_id: str, out: Path, journal: Sequence[Entry]) -> LastRun:
    """What the run with this journal left in the store below `out`."""
    chosen = last(journal, Selection)
    artifacts = {one.name: one for one in every(journal, ArtifactUsed)}
    return LastRun(run_id, out, chosen.selected if chosen else "", artifacts)
