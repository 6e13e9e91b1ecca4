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

from harness import evidence
from harness.errors import GreenrunError
from harness.report import document, junit, markdown

NO_RUN = 2
"""Exit status where the folder holds no verdict that could be rendered."""


class NoRunError(GreenrunError):
    """Raised when a folder holds no verdict document."""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m harness.report", description="Render a run's reports again.")
    parser.add_argument("run", type=Path, metavar="RUN_DIR", help="a run's folder: the one that holds verdict.json")
    folder: Path = parser.parse_args(arguments).run
    try:
        paper = read(folder)
    except NoRunError as error:
        print(error, file=sys.stderr)
        return NO_RUN
    notes = find_notes(folder)
    if notes is None:
        print(f"{folder}: the notes of its spec were not found; the report has none", file=sys.stderr)
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
    """The TOML of the spec's notes, from the run's folder or from beside the spec that the run was started with.

    Returns:
        "" where the spec names no notes, None where it names some that are nowhere, or where the spec is gone.
    """
    try:
        name = tomllib.loads((folder / "release.toml").read_text(encoding="utf-8"))["release"].get("notes")
    except (OSError, ValueError, KeyError, AttributeError):
        return None
    if not isinstance(name, str):
        return ""
    specs = [Path(record["spec"]) for record in evidence.read(folder / "evidence") if record["kind"] == "run"]
    for place in (folder, *(spec.parent for spec in specs)):
        if (place / name).is_file():
            return (place / name).read_text(encoding="utf-8")
    return None


if __name__ == "__main__":
    sys.exit(main())
