"""Write a run's reports into its folder: JSON, JUnit, and Markdown and page in each language. Each file appears
whole."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from harness.report import document, junit, markdown
from harness.report.page.view import View
from harness.spec import papers


def write(folder: Path, paper: Mapping[str, Any], notes: str, view: View, languages: Sequence[str]) -> None:
    """Write every report of a run.

    Args:
        paper: what `harness.report.document.build` gives.
        notes: the TOML of the spec's notes, or "".
        languages: of Markdown and page: the first is ``report.md``, another ``report.<language>.md``.
    """
    from harness.report.page import render  # brings a template engine, which a run's start should not wait for

    document.write(paper, folder / "verdict.json")
    junit.write(paper, folder / "junit.xml")
    for language in languages:
        other = "" if language == languages[0] else language
        _write(folder / papers.report("md", other), markdown.render(paper, notes, language))
    prose = _prose(notes)
    for language in languages:
        other = "" if language == languages[0] else language
        with suppress(OSError):  # no room for a page: the verdict stands without it, and a bundle is not published so
            _write(folder / papers.report("html", other), render.render(paper, view, language, prose))


def _write(path: Path, text: str) -> None:
    fresh = path.with_name(f"{path.name}.new")
    try:
        fresh.write_text(text, encoding="utf-8", newline="\n")
        fresh.replace(path)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise


def _prose(notes: str) -> dict[str, Any]:
    """The notes as a table; {} where they are not valid TOML, which the Markdown report says."""
    try:
        return tomllib.loads(notes)
    except tomllib.TOMLDecodeError:
        return {}
