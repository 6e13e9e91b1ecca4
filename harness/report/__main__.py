"""``python -m harness.report RUN_DIR``: render a finished run's `junit.xml` and `report.md` again.

Nothing is judged again: both come from the run's `verdict.json`, and the prose from the notes of its spec.
"""

from __future__ import annotations

import argparse
import json
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jsonschema
from jsonschema.exceptions import best_match

from harness.errors import GreenrunError
from harness.report import document, junit, markdown

NO_RUN = 2
"""Exit status where the folder holds no verdict that could be rendered."""


class NoRunError(GreenrunError):
    """Raised when a folder holds no verdict document."""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m harness.report", description="Render a run's reports again.")
    parser.add_argument("run", type=Path, metavar="RUN_DIR", help="a run's folder: the one that holds verdict.json")
    parser.add_argument("--notes", type=Path, metavar="FILE", help="the TOML that the spec names as its notes")
    given = parser.parse_args(arguments)
    folder: Path = given.run
    try:
        paper = read(folder)
        notes = find_notes(folder) if given.notes is None else given.notes.read_text(encoding="utf-8")
    except NoRunError as error:
        print(error, file=sys.stderr)
        return NO_RUN
    except (OSError, ValueError) as error:
        print(f"{given.notes}: the notes cannot be read ({error})", file=sys.stderr)
        return NO_RUN
    if notes is None:
        print(f"{folder}: the notes of its spec are not there, so the report has none; give --notes", file=sys.stderr)
    junit.write(paper, folder / "junit.xml")
    fresh = folder / "report.md.new"
    fresh.write_text(markdown.render(paper, notes or ""), encoding="utf-8")
    fresh.replace(folder / "report.md")
    return 0


def read(folder: Path) -> Any:
    """The verdict document of a run.

    Raises:
        NoRunError: there is none, or it is not what the schema says; the message is one line.
    """
    path = folder / "verdict.json"
    try:
        paper = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise NoRunError(f"{folder}: no run's folder, verdict.json cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise NoRunError(f"{path}: not JSON ({error}); run the release again") from error
    schema = json.loads(document.SCHEMA.read_text(encoding="utf-8"))
    problem = best_match(jsonschema.Draft202012Validator(schema).iter_errors(paper))
    if problem is not None:
        raise NoRunError(f"{path}: {problem.json_path}: {ascii(problem.message)[1:-1][:200]}; run the release again")
    return paper


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
