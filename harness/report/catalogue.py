"""The reports' own words in every language, from gettext catalogues that are read as text, for page and Markdown.

English is the language of templates and modules. Gate messages, reasons, warnings and notes stay as the run wrote them:
they are evidence, and the same in every language, which a report in another language says.
"""

from __future__ import annotations

import gettext
import io
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog

HERE = Path(__file__).parent / "messages"
ENGLISH = "en"

WORDS = (
    "released", "refused", "incomplete",
    "passed", "failed", "error", "inconclusive", "blocked", "not_run",
    "blocking", "advisory", "waived",
    "data", "training", "eval", "bnb", "gguf", "parity", "regression", "bundle", "forgetting", "base",
    "citations", "seeds", "attempts", "history",
    "yes", "no", "unknown", "qualified", "proved", "whole run",
)  # fmt: skip
"""Words that come from the document, not from a template, and that every catalogue must translate as well."""


def languages() -> tuple[str, ...]:
    """English, and every language that has a catalogue."""
    return (ENGLISH, *sorted(path.stem for path in HERE.glob("*.po")))


def read(language: str) -> Catalog:
    """The catalogue of a language other than English."""
    from babel.messages.pofile import read_po  # of no use to an English report

    with (HERE / f"{language}.po").open("rb") as file:
        return read_po(file, locale=language)


@cache
def translations(language: str) -> gettext.NullTranslations:
    """gettext's translations of a language, with plural forms; for English they give every message unchanged."""
    if language == ENGLISH:
        return gettext.NullTranslations()
    from babel.messages.mofile import write_mo

    compiled = io.BytesIO()
    write_mo(compiled, read(language))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


@dataclass(frozen=True, slots=True)
class Say:
    """Translates the reports' messages into one language.

    Figures are formatted by Python in every language, so that no two reports of a run round differently; a test holds
    that each language with a catalogue writes point, minus and percent as Python does.
    """

    language: str = ENGLISH

    def __call__(self, message: str, /, **given: object) -> str:
        """`message` in the language, with ``%(name)s`` filled in. The values are inserted unchanged."""
        return translations(self.language).gettext(message) % given

    def many(self, one: str, more: str, n: int, /, **given: object) -> str:
        """The form for `n` of a message that counts something; ``%(n)s`` is the number."""
        return translations(self.language).ngettext(one, more, n) % {"n": n, **given}

    def word(self, text: str) -> str:
        """One of `WORDS` in the language; any other text as it stands."""
        return self(text) if text in WORDS else text

    def date(self, text: str) -> str:
        """A date or time of ISO form as the language writes it; any other text, and every text in English,
        unchanged."""
        if self.language == ENGLISH:
            return text
        from babel import dates

        try:
            if len(text) > len("2026-01-01"):
                return dates.format_datetime(datetime.fromisoformat(text), locale=self.language)
            return dates.format_date(date.fromisoformat(text), "long", locale=self.language)
        except ValueError:
            return text
