"""Cut texts into the units that copies are counted in: words, or characters where a script sets no spaces.

Signs that change what is said are units too: ``3 + 4`` is not ``3 - 4``, ``C`` not ``C++``, and one emoji not another.

Hashes are fixed for all time and machines (xxHash64), so that the same data gives the same findings.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import xxhash

from harness.text.pattern import later
from harness.text.visible import without_invisible

Hashes = npt.NDArray[np.uint64]

UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0002fa1f"
"""Thai and Lao, Burmese, Khmer, kana, ideographs: scripts without spaces, in which each character is a unit."""

_MARKS = "\u0300-\u036f\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u0670\u0900-\u0963\u0966-\u0dff"
"""Combining accents and vowel signs, which Python's word characters do not include; without them half of the words of
Hindi look alike. (The danda, U+0964 and U+0965, ends a sentence.)"""

_OPERATOR = r"[-+*/^=<>|&]"
_SIGN = (
    r"[-+*/^%=<>|&#](?:"
    rf"(?<=[\w)\]}}].){_OPERATOR}?(?=[(\[{{\d])|(?<=[\w)\]}}][ ].){_OPERATOR}?(?=[ ][(\[{{\d])"  # x+1, x == (y)
    rf"|(?<=[\d)\]].){_OPERATOR}?(?=[\w(\[{{])|(?<=[\d)\]][ ].){_OPERATOR}?(?=[ ][\w(\[{{])"  # 2*x, f(x) = y
    r"|(?<=\d%)|(?<![\w.].)(?<=-)(?=\d)"  # 5%, -5
    r"|(?<=\w\+)\+(?!\w)|(?<=\w\#)(?!\w))"  # C++, C#
    r"|[$\u00a2-\u00a5\u20a0-\u20bf\u00ac\u00b1\u00d7\u00f7\u2190-\u22ff\u2600-\u27bf\U0001f000-\U0001faff]"
)
"""Pattern of signs that are units: operators between operands, currencies, and symbols of one character, but no dash or
asterisk in prose."""

_UNIT = later(f"[{UNSPACED}]|(?:[^\\W{UNSPACED}]|[{_MARKS}])+|{_SIGN}")
_DRESS = later(r"[\s.,;:!?'\"()*_~`\-\u2010-\u2027\u2030-\u205e\u3001-\u3003\u3008-\u3011\u00ab\u00bb]+")
_CHARACTER = later(f"[{UNSPACED}]")

_BASE = np.uint64(0x9E3779B97F4A7C15)
"""An odd multiplier with well mixed bits (2^64 divided by the golden ratio)."""


def units(text: str) -> list[str]:
    """Words, single characters and signs of `text`, without case, width, punctuation and what nobody sees; a text of
    nothing but punctuation is one unit."""
    plain = folded(text)
    return _UNIT.findall(plain) or plain.split()


def bare(text: str) -> str:
    """`text` without case, width, white space and the punctuation of prose; brackets and signs of code stay."""
    return _DRESS.sub("", folded(text))


def folded(text: str) -> str:
    """`text` in one case and width, without invisible characters, so that these neither hide nor split a word."""
    seen = without_invisible(text)
    return (seen if seen.isascii() else unicodedata.normalize("NFKC", seen)).casefold()


def spans(text: str) -> list[tuple[str, int, int]]:
    """(unit, start, end) for the units of a text that is only case-folded: for marking places, not for judging."""
    return [(units(found.group())[0], *found.span()) for found in _UNIT.finditer(text) if units(found.group())]


def is_character(text: str) -> bool:
    """Whether `text` holds a character of a script without spaces; a unit with one has no other character."""
    return _CHARACTER.search(text) is not None


@lru_cache(maxsize=200_000)
def _hash(unit: str) -> int:
    return xxhash.xxh64_intdigest(unit.encode())


def hashes(found: list[str]) -> Hashes:
    """One 64-bit hash a unit, shape (units,)."""
    return np.fromiter(map(_hash, found), np.uint64, len(found))


def runs(of_units: Hashes, length: int) -> Hashes:
    """One hash for each run of `length` units, shape (max(0, units - length + 1),)."""
    count = len(of_units) - length + 1
    if count <= 0:
        return np.empty(0, np.uint64)
    total = np.zeros(count, np.uint64)
    for offset in range(length):  # a polynomial over the units, modulo 2^64
        total = total * _BASE + of_units[offset : offset + count]
    total ^= total >> np.uint64(31)
    return total * _BASE


def whole(found: list[str]) -> int:
    """One 64-bit hash of all units in order."""
    return xxhash.xxh64_intdigest(" ".join(found).encode())
