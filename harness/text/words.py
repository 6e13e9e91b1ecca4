"""Cut a text into the words that wordings are looked for in, and keep where its clauses end.

A character of a script without spaces is a word of its own, so that a Chinese wording is found inside a sentence.
Numbers, units and signs are in one spelling, and Chinese is in one script.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from harness.text import numerals, occasions, quantities, signs
from harness.text.pattern import later
from harness.text.script import simplified
from harness.text.units import UNSPACED
from harness.text.visible import visible

_CONTRACTED = later(
    r"\b(?:(ca)n'?t|(wo)n't|(sha)n't|(can)not|"
    r"(is|are|was|were|do|does|did|has|have|had|could|would|should|must|might|need)n'?t)\b"
)
_ENDS_IN_NT = later(r"n'?t\b")
_WHOLE = {"ca": "can", "wo": "will", "sha": "shall"}
_APOSTROPHE = later("[\u2018\u2019\u02bc\u00b4`]")
_HYPHEN = later("(?<=[^\\W\\d_])[-\u2010\u2011\u2013](?=[^\\W_])")

_LETTER = f"[^\\W\\d_{UNSPACED}]"
_TOKEN = later(
    f"(?<![\\w.)\\]{signs.BEHIND}])\\.{_LETTER}[^\\W_{UNSPACED}]*"  # .NET
    f"|{_LETTER}[^\\W_{UNSPACED}]*(?:\\+\\+(?!\\+)|\\#(?!\\w)|\\+(?![\\w+(])(?! [\\w(])|{signs.BEHIND})?"  # C++, C#, A+
    # A minus sign makes another number; a hyphen is one only where it joins nothing.
    f"|(?:(?<![^\\W{UNSPACED}])(?<![)\\]}}])[-\u2212\u2013](?=[$\u20ac\u00a3\u00a5]?\\.?\\d))?[$\u20ac\u00a3\u00a5]?"
    r"(?:\d{1,3}(?:[,'\u2019]\d{3})+(?!\d)(?:\.\d+)?|\d+(?:[.:]\d+)*|(?<![\w.])\.\d+)"
    r"(?:(?:st|nd|rd|th|s|k)(?![^\W_]))?"
    f"|[{UNSPACED}]"
    "|[%\u2030$\u20ac\u00a3\u00a5\u20b9\u20bd\u20a9\u00b0&]"
    f"|{signs.TOKEN}"
    "|[.!?;:,()\n\u3001\u3002\u2014]| [-\u2013] "
)

_SENTENCE_ENDS = {".": ".", "!": ".", ";": ".", "\n": ".", "\u3002": ".", "?": "?"}
_CLAUSE_ENDS = frozenset({*_SENTENCE_ENDS, *":,()\u3001\u2014", " - ", " \u2013 "})
_DIGIT = later(r"\d")
_PLAIN = later(r"[-+]?(\d+\.?\d*|\.\d+)")
"""A plain decimal number; 1:30 and 1.2.3 are none."""
_POWERS = frozenset({"^", "/"})
_SHARES = frozenset({"%", "\u2030", "^"})
_ORDINAL_MARK = "\u7b2c"


@dataclass(frozen=True, slots=True)
class Words:
    """A text's words, without case, width and punctuation."""

    words: tuple[str, ...]
    parted: tuple[str, ...]
    """What ends before each word: "" nothing, "," a clause (by a comma, a dash or a bracket), "." a sentence or line,
    "?" a question."""
    joined: str
    """The words with a blank before, between and behind them."""

    def places(self, wanted: Words) -> Iterator[tuple[int, int]]:
        """(first, one past the last) of each run of words that equals `wanted` and is no part of a larger number;
        nothing equals no words."""
        if not wanted.words:
            return
        at = self.joined.find(wanted.joined)
        while at >= 0:
            first = self.joined.count(" ", 0, at)
            end = first + len(wanted.words)
            if not self._within_quantity(first, end):
                yield first, end
            at = self.joined.find(wanted.joined, at + 1)

    def _within_quantity(self, first: int, end: int) -> bool:
        """Whether the run begins or ends inside a larger quantity: ten in a hundred does not say ten, nor 5 km/h 5
        km."""
        last = self.words[end - 1]
        behind = self.words[end] if end < len(self.words) and not self.parted[end] else ""
        counted = quantities.is_number(last)
        if counted and (behind in _SHARES or behind == "/"):
            return True
        if behind == "/" and last in quantities.SYMBOLS and end - first > 1:
            return quantities.is_number(self.words[end - 2])
        before = self.words[first - 1] if first and not self.parted[first] else ""
        return (before in _POWERS or before == _ORDINAL_MARK) and quantities.is_number(self.words[first])


@lru_cache(maxsize=4096)
def readings(text: str) -> tuple[Words, ...]:
    """The ways to read a text's words, the plainest first: hyphens as blanks or as nothing, dates and ranges as written
    or in one spelling."""
    shown = signs.subtracted(_folded(visible(text)))
    if _ENDS_IN_NT.search(shown) or "cannot" in shown:
        shown = _CONTRACTED.sub(_expanded, shown)
    if _HYPHEN.search(shown) is None:
        return _cut(shown)
    return *_cut(_HYPHEN.sub(" ", shown)), *_cut(_HYPHEN.sub("", shown))


def _folded(text: str) -> str:
    """NFKC, case-folded and in Simplified characters, its apostrophes those on keyboards."""
    text = signs.written(text)
    if text.isascii():
        return text.lower()
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).replace("\u2044", "/")
    return simplified(_APOSTROPHE.sub("'", folded))


def _expanded(found: re.Match[str]) -> str:
    """``doesn't`` and ``doesnt`` as ``does not``, ``cannot`` as ``can not``."""
    verb = found[found.lastindex or 0]
    return f"{_WHOLE.get(verb, verb)} not"


def _cut(text: str) -> tuple[Words, ...]:
    """The readings of a folded text: its words as written, and, where that differs, with dates, times and ranges in one
    spelling."""
    words: list[str] = []
    parted: list[str] = []
    ended = ""
    for token in _TOKEN.findall(text):
        if token in _CLAUSE_ENDS:
            if ended != "?":
                ended = _SENTENCE_ENDS.get(token, ended or ",")
        else:
            for word in (token,) if token.isalpha() else _spelled(token):
                words.append(word)
                parted.append(ended)
                ended = ""
    if "/" in words or "*" in words:
        kept = [at for at in range(len(words)) if not signs.joins_words(words, at)]
        words, parted = [words[at] for at in kept], [parted[at] for at in kept]
    if _DIGIT.search(text) is None and numerals.WORDS.isdisjoint(words) and numerals.CHARACTERS.isdisjoint(words):
        return (_row(words, parted),)
    words, parted = quantities.canonical(words, parted)
    others, their_parted = occasions.canonical(words, parted)
    plain = _row(words, parted)
    return (plain,) if others == words else (plain, _row(others, their_parted))


def _row(words: list[str], parted: list[str]) -> Words:
    return Words(tuple(words), tuple(parted), f" {' '.join(words)} ")


def _spelled(token: str) -> tuple[str, ...]:
    """The words of one token: a number without thousands separators, with a plain minus sign and its currency in front;
    the word for ``&``; a sign in its one spelling."""
    if token == "&":
        return ("and",)
    if not any(sign.isdigit() for sign in token) or token[0].isalpha() or (token[0] == "." and token[1:2].isalpha()):
        return (signs.one_spelling(token).replace(signs.BEHIND, "-"),)
    number = token.replace(",", "").replace("'", "").replace("\u2019", "")
    minus = "-" if number[0] in "-\u2212\u2013" else ""
    number = number.lstrip("-\u2212\u2013")
    currency = number[0] if number[0] in "$\u20ac\u00a3\u00a5" else ""
    number = number[len(currency) :]
    if number.startswith("."):
        number = f"0{number}"
    if number.endswith("k"):
        number = numerals.plain(Decimal(number[:-1]) * 1000) if _PLAIN.fullmatch(number[:-1]) else number
    return (*([currency] if currency else ()), f"{minus}{number}")
