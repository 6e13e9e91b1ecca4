"""Find an earlier release and read it back, to compare a new one with it."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.errors import DataError, SpecError
from harness.gates.shipping import STAMPS
from harness.releases import bundle, judged_items
from harness.releases.judged_items import JudgedItem
from harness.store import digests

LAST = "last"
OPTION = "--against"
_VERDICT = "verdict.json"


@dataclass(frozen=True, slots=True)
class Earlier:
    """A released run, read from its bundle or from its folder below ``out/runs``."""

    place: Path
    release: str
    run_id: str
    candidate: str
    gates: tuple[Mapping[str, Any], ...]
    """As its verdict holds them."""
    table: Mapping[str, Any]
    """Its spec, as TOML gives it."""
    items: tuple[JudgedItem, ...]
    """The items that it kept; () where it kept none."""
    meaning: Mapping[str, str] = field(default_factory=dict)
    """Key of its spec -> SHA-256 of the template or schema there; empty where its verdict kept none."""

    attempts: Mapping[str, Any] = field(default_factory=dict)
    """The attempts on its benchmark, as its verdict tells them."""

    @property
    def items_digest(self) -> str:
        """SHA-256 of the items it kept."""
        return digests.of_value(judged_items.render(self.items))

    @property
    def name(self) -> str:
        return f"{self.release}-{self.run_id}"


def find(wanted: str | None, out: Path, release: str, here: Path) -> Path | None:
    """The folder of the release to compare with; None where there is none and none was asked for.

    Args:
        wanted: the value of ``--against``: a folder, a run id, ``last``, or None for ``last`` where there is one.
        out: holds ``runs`` and ``releases``.
        release: the name that the last release must have.
        here: what a relative folder is relative to.

    Raises:
        SpecError: what was asked for is not there.
    """
    if wanted in (None, LAST):
        found = last(out, release)
        if found is None and wanted == LAST:
            raise SpecError(OPTION, "", f"nothing named {release!r} was released below {out}; leave the option out")
        return found
    places = (here / str(wanted), out / "runs" / str(wanted), out / "releases" / str(wanted))
    for place in places:
        if (place / _VERDICT).is_file():
            return place.resolve()
    raise SpecError(OPTION, "", f"{wanted!r} is no bundle, no run below {out / 'runs'} and not {LAST!r}")


def last(out: Path, release: str) -> Path | None:
    """The newest bundle of that release name below ``out/releases``, by the time that its verdict states.

    Times of files say when something was copied or touched. A verdict without a time is older than any with one; of two
    such, or of one time, the later run id decides.
    """
    found = []
    for path in (out / "releases").glob(f"*/{_VERDICT}"):
        if path.parent.name.endswith(".partial"):
            continue  # what a killed publication left: its bundle never appeared
        try:
            paper = json.loads(path.read_text(encoding="utf-8"))
            known = (paper["release"], paper["verdict"])
        except (OSError, ValueError, KeyError, TypeError):
            continue  # half-copied or foreign: no release of ours
        if known == (release, "released"):
            found.append((str(paper.get("concluded_at", "")), str(paper.get("run_id", "")), path.parent))
    return max(found)[2] if found else None


def none_found(out: Path, release: str) -> str:
    """The message for a release without an earlier one: nothing is compared, and how to have it compared."""
    return (
        f"no earlier release named {release!r} was found below {out / 'releases'}, so nothing is compared with one; "
        "keep that folder, or name a bundle with --against"
    )


def read(place: Path) -> Earlier:
    """Read a release back from its bundle or its run's folder, after checking it against its checksums.

    Raises:
        SpecError: it was not released, or its files are damaged or not what a release holds.
    """
    packed = place / "staged" if (place / "staged").is_dir() else place
    problems = bundle.verify(packed)
    if problems:
        raise SpecError(OPTION, "", f"{packed} is damaged: {problems[0]}; transfer it again or name another release")
    try:
        paper = json.loads((place / _VERDICT).read_text(encoding="utf-8"))
        table = tomllib.loads((place / "release.toml").read_text(encoding="utf-8"))
        kept = packed / judged_items.FILE
        earlier = Earlier(
            place=place,
            release=str(paper["release"]),
            run_id=str(paper["run_id"]),
            candidate=str(paper["candidate_adapter"]),
            gates=tuple({name: gate[name] for name in _GATE} for gate in paper["gates"]),
            table=table,
            items=judged_items.read(kept) if kept.exists() else (),
            meaning=dict(paper.get("meaning", {})),
            attempts=dict(paper.get("attempts", {})),
        )
        word = paper["verdict"]
    except (OSError, ValueError, KeyError, TypeError, DataError) as error:
        raise SpecError(OPTION, "", f"{place} is no release of greenrun ({type(error).__name__}: {error})") from error
    if word != "released":
        raise SpecError(OPTION, "", f"{place} was {word}; only what was released can be compared with")
    if packed != place and not _published(place, earlier):
        raise SpecError(
            OPTION,
            "",
            f"{place} says released, and its bundle was never published: it was ended in between; release again",
        )
    return earlier


def _published(run: Path, earlier: Earlier) -> bool:
    """Whether the bundle of a run's folder appeared below ``releases``, with the run's own verdict in it."""
    for stamp in STAMPS:
        paper = run.parent.parent / "releases" / f"{earlier.name}{stamp}" / _VERDICT
        if paper.is_file() and paper.read_bytes() == (run / _VERDICT).read_bytes():
            return True
    return False


_GATE = ("id", "area", "blocking", "rule", "threshold", "n")
