"""Find the answers of a file that come from a small closed set: labels, yes and no, one text for all refusals.

Such answers repeat because they are meant to. They copy nothing, and what another file shares of them leaks nothing.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

LONGEST = 32
"""Longest answer, in units, that may be a label or a standing refusal. A longer one that repeats is a copy."""
FEWEST, SHARE, CROWD = 4, 0.05, 20
"""Fewest items that must give an answer, and their least share of the file, for the answer to belong to a closed set;
from `CROWD` items on, any share is enough."""


def closed(keys: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Keys (hashes) of the answers that belong to a closed set, ascending. A key of 0 stands for no answer and is left
    out."""
    found, counts = np.unique(keys[keys != 0], return_counts=True)
    often: npt.NDArray[np.uint64] = found[(counts >= FEWEST) & ((counts >= SHARE * len(keys)) | (counts >= CROWD))]
    return often
