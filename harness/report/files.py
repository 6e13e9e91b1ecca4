"""A run's reports as files in its folder: JSON, JUnit, Markdown, and one page a language. Each appears whole."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from harness.report import document, junit, markdown
from harness.report.page.view import View


def write(folder: Path, paper: Mapping[str, Any], notes: str, view: View, languages: Sequence[str]) -> None:
    """Write every report of a run.

    Args:
        paper: what `harness.report.document.build` gives.
        notes: the TOML of the spec's notes, or "".
        languages: of the pages: the first is ``report.html``, another ``report.<language>.html``.
    """
    from harness.report.page import render  # brings a template engine, which a run's start should not wait for

    document.write(paper, folder / "verdict.json")
    junit.write(paper, folder / "junit.xml")
    _write(folder / "report.md", markdown.render(paper, notes))
    prose = _prose(notes)
    for language in languages:
        name = "report.html" if language == languages[0] else f"report.{language}.html"
        with suppress(OSError):  # no room for a page: the verdict stands without it, and a bundle is not published so
            _write(folder / name, render.render(paper, view, language, prose))


def _write(path: Path, text: str) -> None:
    fresh = path.with_name(f"{path.name}.new")
    try:
        fresh.write_text(text, encoding="utf-8", newline="\n")
        fresh.replace(path)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise


def _prose(notes: str) -> dict[str, Any]:
    """Notes that are no TOML are reported by the Markdown report; the page goes on without them."""
    try:
        return tomllib.loads(notes)
    except tomllib.TOMLDecodeError:
        return {}
