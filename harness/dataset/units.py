"""Cut texts into the units that copies are counted in: words, or characters where a script sets no spaces.

Hashes are fixed for all time and machines (xxHash64), so that the same data gives the same findings.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import xxhash

Hashes = npt.NDArray[np.uint64]

UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0002fa1f"
"""Thai and Lao, Burmese, Khmer, kana, ideographs: one character is one unit."""

_UNIT = re.compile(f"[{UNSPACED}]|[^\\W{UNSPACED}]+")
_CHARACTER = re.compile(f"[{UNSPACED}]")

_BASE = np.uint64(0x9E3779B97F4A7C15)
"""An odd multiplier with well mixed bits (2^64 divided by the golden ratio)."""


def units(text: str) -> list[str]:
    """Words and single characters of `text`, without case, width and punctuation."""
    return _UNIT.findall(unicodedata.normalize("NFKC", text).casefold())


def spans(text: str) -> list[tuple[str, int, int]]:
    """Units of a text that is only case-folded, with the places where they stand: for marking, not for judging."""
    return [(units(found.group())[0], *found.span()) for found in _UNIT.finditer(text) if units(found.group())]


def is_character(text: str) -> bool:
    """Whether a character of a script without spaces is in `text`; such a unit has no other."""
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
