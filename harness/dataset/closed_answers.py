"""Find the answers of a file that come from a small closed set: labels, yes and no, one text for all refusals.

Such answers repeat because they are meant to. They copy nothing, and what another file shares of them leaks nothing.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

LONGEST = 32
"""Units up to which an answer may be a label or a standing refusal: a longer one that repeats was copied."""
FEWEST, SHARE, CROWD = 4, 0.05, 20
"""Items that must give an answer, and their share of the file, for it to be one of a closed set; with so many as the
last, any share will do."""


def closed(keys: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """The keys of answers that enough items give, ascending. Keys of 0 stand for no answer."""
    found, counts = np.unique(keys[keys != 0], return_counts=True)
    often: npt.NDArray[np.uint64] = found[(counts >= FEWEST) & ((counts >= SHARE * len(keys)) | (counts >= CROWD))]
    return often
