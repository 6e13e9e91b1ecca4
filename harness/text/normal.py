"""Normalise a text as SQuAD does before comparing: no case, punctuation or articles; Chinese by characters, in one
script.

Signs that make another value stay, where SQuAD's own script drops them: ``-5`` is not ``5``, ``3.5`` not ``35``,
``10 %`` not ``10``, ``C++`` not ``C``. Rajpurkar et al., 2016, "SQuAD", and its script of evaluation.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from harness.text import signs
from harness.text.answer import answer_of
from harness.text.pattern import later
from harness.text.script import simplified
from harness.text.units import UNSPACED, units
from harness.text.visible import visible

_ARTICLES = frozenset({"a", "an", "the"})
_LETTER = f"[^\\W_{UNSPACED}]"
_TOKEN = later(
    f"(?<![\\w.)\\]])\\.(?=[^\\W\\d_]){_LETTER}+"
    f"|(?:(?<!{_LETTER})(?<![)\\]}}])[-\u2212](?=\\.?\\d))?(?:\\d+|(?<![\\w.])\\.\\d+)(?:[.,:]\\d+)*(?!{_LETTER})"
    f"|{_LETTER}+(?:['\u2019.\\-]{_LETTER}+)*(?:\\+\\+|\\#(?!\\w)|\\+(?![\\w+(])(?! [\\w(])|{signs.BEHIND})?"
    f"|[{UNSPACED}]|[%\u2030$\u20ac\u00a3\u00a5\u00b0]|{signs.TOKEN}"
)
_JOINTS = later("['\u2019.\\-]")


@lru_cache(maxsize=4096)
def tokens(text: str) -> tuple[str, ...]:
    """The units of a text that are compared (words, characters, numbers, signs); () for punctuation alone."""
    shown = signs.written(visible(answer_of(text)))
    plain = simplified(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", shown).casefold()))
    found = (_spelled(one) for one in _TOKEN.findall(signs.subtracted(plain)))
    return tuple(one for one in found if one not in _ARTICLES)


def _spelled(token: str) -> str:
    if token[-1].isdigit() and token.lstrip("-\u2212.")[:1].isdigit():
        return token.replace(",", "").replace("\u2212", "-")
    if token[0].isalpha():
        return _JOINTS.sub("", token).replace(signs.BEHIND, "-")
    return signs.one_spelling(token)


@lru_cache(maxsize=4096)
def all_units(text: str) -> tuple[str, ...]:
    """Words and characters of a text's answer without case, with articles: the units of sequence metrics."""
    return tuple(units(simplified(visible(answer_of(text)))))
