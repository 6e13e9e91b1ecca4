"""Every message that page and Markdown can show, as Babel finds them in templates and modules."""

from __future__ import annotations

from collections.abc import Iterator

from babel.messages.extract import extract

from harness.report import catalogue, markdown
from harness.report.page import render

Message = str | tuple[str, ...]
"""One text, or singular and plural."""

KEYWORDS = {"say": None, "many": (1, 2)}


def used() -> set[Message]:
    return {*catalogue.WORDS, *markdown.SECTIONS, markdown.EVIDENCE, *_of_templates(), *_of_modules()}


def _of_templates() -> Iterator[Message]:
    for path in sorted(render.PARTS.glob("*.html")):
        with path.open("rb") as file:
            told = extract("jinja2.ext:babel_extract", file, options={"newstyle_gettext": "true"})
            yield from (message for _, message, _, _ in told)


def _of_modules() -> Iterator[Message]:
    for path in sorted(catalogue.HERE.parent.rglob("*.py")):
        with path.open("rb") as file:
            yield from (message for _, message, _, _ in extract("python", file, keywords=KEYWORDS))
