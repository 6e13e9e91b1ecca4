"""Report an ended run to a CI service, where the environment names one."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from harness.report import annotations as spec_lines
from harness.report import step_summary
from harness.run.run import Run


def tell(run: Run, environment: Mapping[str, str]) -> Iterator[str]:
    """Lines for the job's log; also writes the step's summary. A failure here changes no verdict.

    Args:
        environment: ``GITHUB_ACTIONS`` asks for annotations, ``GITHUB_STEP_SUMMARY`` names the summary's file.
    """
    try:
        paper = json.loads((run.folder / "verdict.json").read_text(encoding="utf-8"))
        if summary := environment.get("GITHUB_STEP_SUMMARY"):
            places = [str(run.folder / "report.html"), *map(str, _bundles(run))]
            _append(Path(summary), lambda room: step_summary.render(paper, places, room))
        if environment.get("GITHUB_ACTIONS") == "true":
            spec = (run.folder / "release.toml").read_text(encoding="utf-8")
            yield from spec_lines.render(paper, spec, _in_checkout(run.spec.path, environment))
    except (OSError, ValueError) as error:
        yield f"warning: the CI service was not told: {error}"


def _bundles(run: Run) -> list[Path]:
    """The published bundle, with whichever stamps its name has; () where nothing was released."""
    found = sorted((run.out / "releases").glob(f"{run.spec.name}-{run.id}*"))
    return [path for path in found if not path.name.endswith(".partial")]


def _append(path: Path, render: Callable[[int], str]) -> None:
    """Append to a step's summary, which earlier commands may have begun."""
    used = path.stat().st_size if path.exists() else 0
    with path.open("a", encoding="utf-8") as stream:
        stream.write(render(step_summary.LIMIT - used))


def _in_checkout(path: Path, environment: Mapping[str, str]) -> str:
    root = Path(environment.get("GITHUB_WORKSPACE") or os.getcwd())
    whole = path.resolve()
    return whole.relative_to(root.resolve()).as_posix() if whole.is_relative_to(root.resolve()) else str(whole)
