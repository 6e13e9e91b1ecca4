"""Write the papers of a bundle for readers without this repository: the journal of its verdict, cards, a bill of
materials, the signed statement, and a script that checks the files."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.releases import bom, bundle, card, signature, statement, verify_alone
from harness.spec import papers
from harness.store import digests


def write(folder: Path, staged: Path, key: Path | None) -> list[Path]:
    """Write them below a released run's folder, made anew; returns them in the order of their names.

    Args:
        folder: the run's, with its reports.
        staged: the staged bundle, whose archives the papers speak of.
        key: the private key that signs the statement; None leaves the statement out.

    Raises:
        GreenrunError: one cannot be made.
    """
    place = folder / papers.OUTSIDE
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    document = json.loads((folder / "verdict.json").read_text(encoding="utf-8"))
    archives = {name: digests.of_file(staged / name) for name in bundle.archives(staged)}
    for path in sorted((folder / "evidence").glob("*.jsonl")):
        shutil.copyfile(path, place / journal_name(path.name))
    for adapter in document["packed"]:
        _write(place / card.name_of(adapter), card.render(document, adapter))
    of_adapters = {adapter: archives[bundle.archive_name(adapter)] for adapter in document["packed"]}
    _write(place / bom.FILE, bom.render(document, of_adapters))
    shutil.copyfile(Path(verify_alone.__file__), place / papers.SCRIPT)
    if key is not None:
        rests_on = _rests_on(folder, place)
        _write(
            place / statement.FILE,
            signature.seal(statement.of(document, archives, rests_on), statement.MEDIA_TYPE, key),
        )
    return sorted(place.iterdir())


def journal_name(name: str) -> str:
    """Name of a journal's file in a bundle, which is flat."""
    return f"{papers.EVIDENCE}{name}"


def journal_in(folder: Path) -> dict[str, Path]:
    """Name in the journal -> file in a bundle."""
    found = sorted(folder.glob(f"{papers.EVIDENCE}*.jsonl"))
    return {path.name.removeprefix(papers.EVIDENCE): path for path in found}


def _rests_on(folder: Path, place: Path) -> Mapping[str, str]:
    own = [folder / "verdict.json", folder / "release.toml", *journal_in(place).values()]
    return {path.name: digests.of_file(path) for path in own if path.is_file()}


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def recomputed(folder: Path, scratch: Path) -> Any:
    """The verdict of a bundle, reached again from its journal.

    Raises:
        NoRunError: the bundle holds no journal, or one that its verdict was not reached from.
    """
    from harness.report import rejudge

    found = journal_in(folder)
    if not found:
        raise rejudge.NoRunError(f"{folder}: holds no journal ({papers.EVIDENCE}*.jsonl), so its verdict is only said")
    told = json.loads((folder / "verdict.json").read_text(encoding="utf-8"))
    name = str(told.get("run_id", "")) if isinstance(told, dict) else ""
    if Path(name).name != name or not name:
        raise rejudge.NoRunError(f"{folder}/verdict.json: {name!r} is no name of a run")
    run = scratch / "runs" / name
    (run / "evidence").mkdir(parents=True)
    shutil.copyfile(folder / "verdict.json", run / "verdict.json")
    for inside, path in found.items():
        shutil.copyfile(path, run / "evidence" / inside)
    return rejudge.judge(run)
