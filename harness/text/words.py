"""Cut a text into the words that wordings are looked for in, and keep where its clauses end.

A character of a script without spaces is a word of its own, so that a Chinese wording is found inside a sentence.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from harness.text.units import UNSPACED
from harness.text.visible import visible

_CONTRACTED = re.compile(
    r"\b(?:(ca)n'?t|(wo)n't|(sha)n't|(can)not|"
    r"(is|are|was|were|do|does|did|has|have|had|could|would|should|must|might|need)n'?t)\b"
)
_ENDS_IN_NT = re.compile(r"n'?t\b")
_WHOLE = {"ca": "can", "wo": "will", "sha": "shall"}
_APOSTROPHE = re.compile("[\u2018\u2019\u02bc\u00b4`]")
_HYPHEN = re.compile("(?<=[^\\W\\d_])[-\u2010\u2011\u2013](?=[^\\W\\d_])")

_TOKEN = re.compile(
    f"[^\\W\\d_{UNSPACED}][^\\W_{UNSPACED}]*"
    # A minus sign makes another number; a hyphen is one only behind a blank, where it joins nothing.
    r"|(?:\u2212|(?<=[ (])-)?(?:\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)?|\d+(?:[.:]\d+)*)(?:(?:st|nd|rd|th|s)(?![^\W_]))?"
    f"|[{UNSPACED}]"
    "|[%\u2030$\u20ac\u00a3\u00a5&]"
    "|[.!?;:,()\n\u3001\u3002\u2014]| [-\u2013] "
)


_CLAUSE_ENDS = frozenset({*".!?;:,()\n\u3001\u3002\u2014", " - ", " \u2013 "})


@dataclass(frozen=True, slots=True)
class Words:
    """A text's words, without case, width and punctuation."""

    words: tuple[str, ...]
    parted: tuple[bool, ...]
    """Before each word, whether a clause ends there: by a stop, a comma, a dash, a bracket or a line's end."""
    joined: str
    """The words with a blank before, between and behind them."""

    def places(self, wanted: Words) -> Iterator[tuple[int, int]]:
        """(first, one past the last) of each run of words that equals `wanted`; nothing equals no words."""
        if not wanted.words:
            return
        at = self.joined.find(wanted.joined)
        while at >= 0:
            first = self.joined.count(" ", 0, at)
            yield first, first + len(wanted.words)
            at = self.joined.find(wanted.joined, at + 1)


@lru_cache(maxsize=4096)
def readings(text: str) -> tuple[Words, ...]:
    """The words of a text, with hyphens as blanks; and once more without them, where a hyphen joins two words."""
    shown = _folded(visible(text))
    if _ENDS_IN_NT.search(shown) or "cannot" in shown:
        shown = _CONTRACTED.sub(_expanded, shown)
    if _HYPHEN.search(shown) is None:
        return (_cut(shown),)
    return _cut(_HYPHEN.sub(" ", shown)), _cut(_HYPHEN.sub("", shown))


def _folded(text: str) -> str:
    """NFKC and case-folded, its apostrophes those on keyboards."""
    if text.isascii():
        return text.lower()
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return _APOSTROPHE.sub("'", folded)


def _expanded(found: re.Match[str]) -> str:
    """``doesn't`` and ``doesnt`` as ``does not``, ``cannot`` as ``can not``."""
    verb = found[found.lastindex or 0]
    return f"{_WHOLE.get(verb, verb)} not"


def _cut(text: str) -> Words:
    words: list[str] = []
    parted: list[bool] = []
    ended = False
    for token in _TOKEN.findall(text):
        if token in _CLAUSE_ENDS:
            ended = True
        else:
            words.append(token if token.isalpha() else _figure(token))
            parted.append(ended)
            ended = False
    return Words(tuple(words), tuple(parted), f" {' '.join(words)} ")


def _figure(token: str) -> str:
    """A number without thousands separators, its minus sign the one on keyboards; ``&`` as the word it stands for."""
    return "and" if token == "&" else token.replace(",", "").replace("\u2212", "-")
