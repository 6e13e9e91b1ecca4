"""Which batch of an answer sheet is generated again, in a process that has done nothing else.

Answers that depend on what a process did before (a cache, a kernel chosen by timing, weights laid out anew by an
earlier pass, a loader that draws lots) are the same whenever that process is asked, and other ones in the next.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

from harness.engines import halving
from harness.engines.generate import Decoding, batches
from harness.engines.halving import Halved


def draw(
    lengths: Mapping[str, int], decoding: Decoding, seed: str, halved: Iterable[Halved] = ()
) -> tuple[int, list[list[str]]]:
    """(index of the batch to generate again, all batches) of an answer sheet, as they were really asked.

    Args:
        lengths: item id -> tokens of its prompt, of the whole sheet.
        decoding: what it was answered with.
        seed: a digest of the sheet's content, so that nobody chooses the batch, and a sheet that was changed draws
            anew.
        halved: the batches that did not fit in memory; each half of them is a batch here.
    """
    found = halving.as_asked(batches(lengths, decoding), halved)
    return int(hashlib.sha256(f"again {seed}".encode()).hexdigest(), 16) % len(found), found


def part(parts: int, seed: str) -> int:
    """Index of the item list to draw from, where a sheet was asked in several; 0 where there is one."""
    return int(hashlib.sha256(f"part {seed}".encode()).hexdigest(), 16) % parts
