"""MinHash sketches of a text's shingles, and their bands: near texts share one (see `harness.dataset.duplicates`)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from harness.dataset.changed_words import INSIDE
from harness.text import units

BANDS, ROWS = 32, 4
SHORT = 56
"""Longest text, in units, whose single words are sketched as well. In a longer text two changed words leave enough
shingles for its bands to find it: at a similarity of (52 - 10) / (52 + 10), one in two thousand is missed."""

_FACTORS = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x27D4EB2F165667C5], np.uint64)

Minima = npt.NDArray[np.uint64]
"""Shape (BANDS * ROWS,): the smallest hash of a text's shingles under each permutation."""


class Sketcher:
    """Makes MinHash sketches of texts, one after the other."""

    def __init__(self, shingle: int) -> None:
        from datasketch import MinHash  # brings scipy along: too slow for every start of pytest, which names the gates

        self.shingle = shingle
        self._minhash = MinHash(BANDS * ROWS, hashfunc=int, scheme="affine32")
        self._none: Minima = self._minhash.hashvalues.astype(np.uint64)

    def minima(self, hashed: units.Hashes) -> Minima:
        """Of the shingles of a text's hashed units; the largest values where it is too short for one."""
        shingles = units.runs(hashed, self.shingle)
        if not len(shingles):
            return self._none
        self._minhash.clear()
        self._minhash.update_batch((shingles >> np.uint64(32)).tolist())
        minima: Minima = self._minhash.hashvalues.astype(np.uint64)
        return minima


def banded(minima: Minima) -> bytes:
    """One 32-bit hash a band, never 0."""
    rows = minima.reshape(BANDS, ROWS)
    mixed: npt.NDArray[np.uint32] = (((rows * _FACTORS).sum(axis=1) >> np.uint64(32)) | np.uint64(1)).astype(np.uint32)
    return mixed.tobytes()


@dataclass(frozen=True, slots=True)
class Sketch:
    """One text's units, their hashes, and the smallest hash of its shingles under each permutation."""

    found: list[str]
    hashed: units.Hashes
    minima: npt.NDArray[np.uint64]
    """Shape (BANDS * ROWS,); the largest values where the text is too short for a shingle."""


class TextSketcher:
    """Makes sketches of texts, one after the other, and remembers the last ones: the sketch of two texts in a row is
    made from theirs."""

    def __init__(self, shingle: int) -> None:
        self._shingle = shingle
        self._sketcher, self._words = Sketcher(shingle), Sketcher(1)

    def of(self, found: list[str]) -> Sketch:
        hashed = units.hashes(found)
        return Sketch(found, hashed, self._sketcher.minima(hashed))

    def joined(self, one: Sketch, other: Sketch) -> Sketch:
        reach = self._shingle - 1  # units of either text that a shingle over their border may have
        border = np.concatenate([one.hashed[max(0, len(one.hashed) - reach) :], other.hashed[:reach]])
        minima = np.minimum(np.minimum(one.minima, other.minima), self._sketcher.minima(border))
        return Sketch([*one.found, *other.found], np.concatenate([one.hashed, other.hashed]), minima)

    def words(self, sketch: Sketch) -> bytes:
        """Bands over a text's single words, for a text so short that two changed words leave few of its shingles."""
        if not INSIDE < len(sketch.found) <= SHORT:
            return bytes(4 * BANDS)
        return banded(self._words.minima(sketch.hashed))
