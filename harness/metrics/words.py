"""Cut a text into the words that wordings are looked for in, and keep where its clauses end.

A character of a script without spaces is a word of its own, so that a Chinese wording is found inside a sentence.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from harness.dataset.units import UNSPACED
from harness.metrics.visible import visible

_CONTRACTED = re.compile(
    r"\b(?:(ca)n'?t|(wo)n't|(sha)n't|(can)not|"
    r"(is|are|was|were|do|does|did|has|have|had|could|would|should|must|might|need)n'?t)\b"
)
_WHOLE = {"ca": "can", "wo": "will", "sha": "shall"}
_APOSTROPHE = re.compile("[\u2018\u2019\u02bc\u00b4`]")
_HYPHEN = re.compile("(?<=[^\\W\\d_])[-\u2010\u2011\u2013](?=[^\\W\\d_])")

_TOKEN = re.compile(
    # A minus sign makes another number; a hyphen is one only behind a blank, where it joins nothing.
    "(?P<number>(?:\u2212|(?<=[ (])-)?"
    r"(?:\d{1,3}(?:,\d{3})+(?![\d])(?:\.\d+)?|\d+(?:[.:]\d+)*)(?:(?:st|nd|rd|th|s)(?![^\W_]))?)"
    f"|(?P<character>[{UNSPACED}])"
    f"|(?P<word>[^\\W_{UNSPACED}]+)"
    "|(?P<sign>[%\u2030$\u20ac\u00a3\u00a5])"
    "|(?P<and>&)"
    "|(?P<end>[.!?;:,()\n\u3001\u3002\u2014]| [-\u2013] )"
)


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
    shown = unicodedata.normalize("NFKC", visible(text)).casefold()
    shown = _CONTRACTED.sub(_expanded, _APOSTROPHE.sub("'", unicodedata.normalize("NFKC", shown)))
    if _HYPHEN.search(shown) is None:
        return (_cut(shown),)
    return _cut(_HYPHEN.sub(" ", shown)), _cut(_HYPHEN.sub("", shown))


def _expanded(found: re.Match[str]) -> str:
    """``doesn't`` and ``doesnt`` as ``does not``, ``cannot`` as ``can not``."""
    verb = found[found.lastindex or 0]
    return f"{_WHOLE.get(verb, verb)} not"


def _cut(text: str) -> Words:
    words: list[str] = []
    parted: list[bool] = []
    ended = False
    for found in _TOKEN.finditer(text):
        kind, token = found.lastgroup, found.group()
        if kind == "end":
            ended = True
        else:
            words.append("and" if kind == "and" else _figure(token) if kind == "number" else token)
            parted.append(ended)
            ended = False
    return Words(tuple(words), tuple(parted), f" {' '.join(words)} ")


def _figure(token: str) -> str:
    """A number without thousands separators, its minus sign the one on keyboards."""
    return token.replace(",", "").replace("\u2212", "-")
