"""One run: its spec, its gates, its id and the places that it writes to."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from harness import gates as gates_of
from harness.engines import halving
from harness.errors import SpecError
from harness.gates.gate import Gate
from harness.gates.records import ArtifactUsed, Halved
from harness.gates.verdict import Verdict
from harness.releases.earlier import Earlier
from harness.run.journal import Journal
from harness.spec.objects import Spec
from harness.store.artifact import Artifact, Key
from harness.store.store import Store

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,80}")


@dataclass(frozen=True)
class Run:
    spec: Spec
    gates: tuple[Gate, ...]
    out: Path
    id: str
    journal: Journal
    store: Store
    earlier: Earlier | None = None
    """The release that this one is compared with, from the command line; None: there is none."""
    key: Path | None = None
    """The private key that signs the bundle, from the command line; None: it is not signed."""

    @property
    def folder(self) -> Path:
        return self.out / "runs" / self.id

    @property
    def evidence(self) -> Path:
        return self.folder / "evidence"

    @property
    def staged(self) -> Path:
        """Folder in which the bundle is prepared before the verdict is known."""
        return self.folder / "staged"

    def release(self, verdict: Verdict) -> Path:
        """Folder in which the bundle is published if the verdict is "released". Its name is stamped where something is
        unproven or waived."""
        stamps = "".join(f"-{stamp}" for stamp in verdict.stamps)
        return self.out / "releases" / f"{self.spec.name}-{self.id}{stamps}"


def new_id(out: Path, wanted: str | None) -> str:
    """A run id that is free below `out`.

    Raises:
        SpecError: the wanted one is taken or is no plain file name.
    """
    if wanted is not None:
        if not _ID.fullmatch(wanted):
            raise SpecError("--run-id", "", f"{wanted!r} is no plain name; use letters, digits, '.', '_' and '-'")
        if (out / "runs" / wanted).exists():
            raise SpecError(
                "--run-id", "", f"{wanted!r} exists already; leave the option out, finished work is reused by itself"
            )
        return wanted
    stem = time.strftime("run_%Y%m%d_%H%M%S")
    names = [stem, *(f"{stem}_{k}" for k in range(2, 1000))]
    return next(name for name in names if not (out / "runs" / name).exists())


def reserve(run: Run) -> bool:
    """Create the run's folder for this run alone; False where another run has it already.

    Raises:
        OSError: nothing can be written there.
    """
    run.folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        run.folder.mkdir()
    except FileExistsError:
        return False
    return True


def open_run(
    spec: Spec,
    out: Path,
    run_id: str,
    process: str,
    rescore: bool,
    earlier: Earlier | None = None,
    stops: tuple[type[Exception], ...] = (),
    key: Path | None = None,
) -> Run:
    """The run as seen by one of its processes. Creates nothing: the journal makes the folder at its first record.

    Args:
        rescore: whether building is forbidden.
        earlier: the release that this one is compared with.
        stops: exceptions by which whoever drives the run ends it from outside.
        key: the private key that signs the bundle.
    """
    folder = out / "runs" / run_id
    journal = Journal(folder / "evidence" / f"{process}.jsonl", process)
    return Run(
        spec=spec,
        gates=gates_of.expected(spec, None if earlier is None else earlier.table),
        out=out,
        id=run_id,
        journal=journal,
        store=Store(
            root=out / "store",
            failures=folder / "failures",
            read_only=rescore,
            limits=spec.limits,
            stops=stops,
            last_word=journal.taint,
            on_build=partial(note_artifact, journal),
        ),
        earlier=earlier,
        key=key,
    )


def note_artifact(journal: Journal, key: Key, artifact: Artifact) -> None:
    """Journal an artifact that a run rests on: its content's digest, and whether this run built it; of answers also
    which batches did not fit in memory and were asked in halves."""
    journal.write(
        ArtifactUsed(
            name=f"{key.kind} {key.label}".strip(),
            stage=key.kind,
            digest=artifact.digest,
            key=key.digest,
            seconds=artifact.seconds,
            reused=artifact.reused,
            built_at=artifact.built_at,
        )
    )
    if halved := halving.read(artifact.path):
        batches = [{"items": len(one.items), "into": list(map(len, one.parts)), "why": one.why} for one in halved]
        journal.write(Halved(f"{key.kind} {key.label}".strip(), artifact.digest, batches))
