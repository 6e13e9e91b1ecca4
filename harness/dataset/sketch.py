"""MinHash sketches of a text's shingles, and their bands: near texts share one (see `harness.dataset.duplicates`)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from harness.text import units

BANDS, ROWS = 32, 4

_FACTORS = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x27D4EB2F165667C5], np.uint64)

Minima = npt.NDArray[np.uint64]
"""Shape (BANDS * ROWS,): the smallest hash of a text's shingles under each permutation."""


class Sketcher:
    """Sketches texts one after the other."""

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
