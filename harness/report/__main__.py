"""``python -m harness.report RUN_DIR``: make a run's verdict and reports again, from its journal alone.

Works for a run that died as well. The prose comes from the notes of the run's spec.
"""

from __future__ import annotations

import argparse
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

from harness.report import catalogue, files, rejudge
from harness.report.page import shown, view
from harness.run import journal as evidence

NO_RUN = 2
"""Exit status where the folder holds no run to report."""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m harness.report", description="Render a run's reports again.")
    parser.add_argument("run", type=Path, metavar="RUN_DIR", help="a run's folder: the one that holds evidence/")
    parser.add_argument("--notes", type=Path, metavar="FILE", help="the TOML that the spec names as its notes")
    given = parser.parse_args(arguments)
    folder: Path = given.run
    try:
        paper = rejudge.judge(folder)
    except rejudge.NoRunError as error:
        print(error, file=sys.stderr)
        return NO_RUN
    except (OSError, ValueError) as error:
        print(f"{folder}: its journal cannot be read ({error})", file=sys.stderr)
        return NO_RUN
    try:
        notes = find_notes(folder) if given.notes is None else given.notes.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        print(f"{given.notes}: the notes cannot be read ({error})", file=sys.stderr)
        return NO_RUN
    if notes is None:
        print(f"{folder}: the notes of its spec are not there, so the report has none; give --notes", file=sys.stderr)
    journal = evidence.read(folder / "evidence")
    seen = view.of(shown.again(folder, journal), folder.resolve().parent.parent, paper, journal)
    files.write(folder, paper, notes or "", seen, languages(folder))
    return 0


def languages(folder: Path) -> tuple[str, ...]:
    """Languages of the reports, from the copy of the spec in the run's folder; English where it names none."""
    try:
        release = tomllib.loads((folder / "release.toml").read_text(encoding="utf-8"))["release"]
        known = [one for one in release.get("languages", ()) if one in catalogue.languages()]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        known = []
    return tuple(known) or (catalogue.ENGLISH,)


def find_notes(folder: Path) -> str | None:
    """The TOML of the spec's notes, if a copy lies in the run's folder.

    Returns:
        "" where the spec names no notes, None where it names some that are not there, or where the spec is gone.
    """
    try:
        release = tomllib.loads((folder / "release.toml").read_text(encoding="utf-8"))["release"]
        # By its last part alone: the spec's own folder is not the run's, and nothing outside of the run is read.
        return (folder / Path(release["notes"]).name).read_text(encoding="utf-8") if "notes" in release else ""
    except (OSError, ValueError, KeyError, TypeError):
        return None


if __name__ == "__main__":
    sys.exit(main())
