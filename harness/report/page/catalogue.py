"""The page's words in other languages: gettext catalogues beside the templates, read as they are written.

English is the language of the templates. Verdict messages, reasons and notes stay as the run wrote them: they are
evidence, and the same in every language.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent / "messages"
ENGLISH = "en"

WORDS = (
    "released", "refused", "incomplete",
    "passed", "failed", "error", "inconclusive", "blocked", "not_run",
    "blocking", "advisory", "waived",
    "data", "training", "eval", "bnb", "gguf", "parity", "regression", "bundle", "forgetting", "base",
    "citations", "seeds", "attempts", "history",
)  # fmt: skip
"""Words that come from the document and not from a template: what the catalogues must hold as well."""


def languages() -> tuple[str, ...]:
    """English, and every language that has a catalogue."""
    return (ENGLISH, *sorted(path.stem for path in HERE.glob("*.po")))


@cache
def messages(language: str) -> Mapping[str, str]:
    """Text of a template, or word of `WORDS` -> the same in that language."""
    from babel.messages.pofile import read_po  # of no use to an English page

    with (HERE / f"{language}.po").open("rb") as file:
        found = read_po(file, locale=language)
    return {str(one.id): str(one.string) for one in found if one.id and one.string}


def translator(language: str) -> Callable[[str], str]:
    """How a page in `language` says what its templates say; English says it as it stands."""
    if language == ENGLISH:
        return str
    known = messages(language)
    return lambda text: known.get(text, text)
