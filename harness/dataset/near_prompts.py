"""Find prompts of two files that differ in no more than a word or two (`harness.dataset.changed_words`).

Candidates are found by MinHash with banding over the telling words (see `harness.dataset.duplicates`): the prompts of
both files are read once each, 130 bytes a record are kept, and bands are joined by sorting. Each candidate is verified
on the texts.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from harness.dataset.changed_words import content, frame_words, same_but_for_words
from harness.dataset.findings import Finding
from harness.dataset.parts import ask_apart
from harness.dataset.sketch import BANDS, Sketcher, banded
from harness.dataset.texts import Spool
from harness.text import units
from harness.text.compare import side_by_side

LONGEST = 64
"""Most telling units of a prompt that is sketched. A longer one with two changed words still shares runs, which another
check finds."""
CHARACTERS = 800
"""Most characters of a prompt that is cut into words: a longer one always has more than `LONGEST` telling units."""
ALL_PAIRS = 400
"""Most pairs in one band that are all verified. In a larger band each prompt is compared with the first one of the
other file only."""

_Bands = npt.NDArray[np.uint32]
_Rows = npt.NDArray[np.int64]


def near_prompt_findings(earlier: Spool, later: Spool) -> Iterator[Finding]:
    """One finding for each item of the later file whose prompt differs from one of the earlier file in no more than a
    word or two.

    Args:
        earlier, later: filled spools.
    """
    frame = frame_words(earlier) | frame_words(later)
    here, there = _sketched(later, frame), _sketched(earlier, frame)
    accused: set[int] = set()
    for number, source in _candidates(here, there):
        if number in accused:
            continue
        left, right = later.side(number, "prompt"), earlier.side(source, "prompt")
        if units.bare(left) == units.bare(right) or not same_but_for_words(left, right, frame):
            continue
        if not ask_apart(left, right, frame):
            accused.add(number)
            shown = side_by_side(left, right)
            problem = f"asks the same but for a word or two with {earlier.path}:{earlier.lines[source]}\n    {shown}"
            yield Finding(later.path, later.lines[number], "", problem, "near-copy", 0, shown)


def pairs_within(spool: Spool) -> Iterator[tuple[int, int]]:
    """Items of one file, the earlier first, whose prompts are one but for a word or two.

    Args:
        spool: filled.
    """
    frame = frame_words(spool)
    sketched = _sketched(spool, frame)
    for number, other in _candidates(sketched, sketched):
        if number < other:
            left, right = spool.side(number, "prompt"), spool.side(other, "prompt")
            if same_but_for_words(left, right, frame) and not ask_apart(left, right, frame):
                yield number, other


def _sketched(spool: Spool, frame: frozenset[str]) -> _Bands:
    """(records, BANDS) hashes of each prompt's telling words; 0 where there are none, or too many."""
    sketch, found = Sketcher(1), bytearray()
    for number in range(len(spool)):
        text = spool.side(number, "prompt")
        said = content(units.units(text), frame) if len(text) <= CHARACTERS else []
        found += banded(sketch.minima(units.hashes(said))) if 0 < len(said) <= LONGEST else bytes(4 * BANDS)
    return np.frombuffer(bytes(found), np.uint32).reshape(-1, BANDS)


def _candidates(here: _Bands, there: _Bands) -> list[tuple[int, int]]:
    """Pairs of rows that share a band, ascending; bands are joined by sorting both."""
    found: set[tuple[int, int]] = set()
    for band in range(BANDS):
        mine, other = here[:, band], there[:, band]
        common = np.intersect1d(mine, other)
        common = common[common != 0]
        if not len(common):
            continue
        (left, first, last), (right, begin, end) = (_places(one, common) for one in (mine, other))
        for at in range(len(common)):
            _pair(left[first[at] : last[at]], right[begin[at] : end[at]], found)
    return sorted(found)


def _places(keys: npt.NDArray[np.uint32], wanted: npt.NDArray[np.uint32]) -> tuple[_Rows, _Rows, _Rows]:
    """(rows sorted by key, start and end index in that order of each wanted key's rows)."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    return order, np.searchsorted(ordered, wanted, side="left"), np.searchsorted(ordered, wanted, side="right")


def _pair(mine: _Rows, other: _Rows, found: set[tuple[int, int]]) -> None:
    if len(mine) * len(other) <= ALL_PAIRS:
        found.update((int(a), int(b)) for a in mine for b in other)
        return
    found.update((int(a), int(other[0])) for a in mine)
    found.update((int(mine[0]), int(b)) for b in other)
