"""Find texts that two files share: runs of words in prompts or in answers, and whole prompts that are too short for a
run.

The file with fewer records is indexed, four bytes for each of its words; the other is streamed past the index, whatever
its size. Hits in the index are compared by their whole hashes, and what is left is verified on the texts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from harness.dataset.closed_answers import LONGEST, closed
from harness.dataset.findings import Finding
from harness.dataset.instructions import instructions
from harness.dataset.joined import Joined
from harness.dataset.texts import Spool, Text, answer_key, side_text
from harness.text import units
from harness.text.compare import shared_run, side_by_side

STRICT = 13
"""Words in a row that two authors hardly write by chance: the length of Brown et al., "Language Models are Few-Shot
Learners" (2020), appendix C. A finding of this length says so."""

CHARACTERS_A_WORD = 2
"""Characters that stand for a word in scripts without spaces: a run has this many times its length in words. A word
among the characters counts as one."""

BOILERPLATE_SHARE, BOILERPLATE_ITEMS = 0.2, 10
"""A run belongs to the frame of a file's prompts, not to their content, if at least this share and this number of its
items have it. (Where it is content, the file's items copy each other, which the check for duplicates reports.)"""

ALL_PAIRS = 400
"""Most pairs of items that share one run and are all reported."""

SIDES = ("prompt", "answer", "whole")

Closed = frozenset[int]
"""Keys (hashes) of answers that belong to a closed set of either file (`harness.dataset.closed_answers`): sharing them
is no leakage."""

Counts = npt.NDArray[np.int64]

Codes = npt.NDArray[np.uint32]
"""Hashes cut to 32 bits, as the index holds them. With ten million runs in the index, one in 430 runs that are not
there hits by chance."""


def overlap_findings(earlier: Spool, later: Spool, length: int) -> Iterator[Finding]:
    """One finding for each item of the later file, each side and each item of the earlier one that it shares a run
    with, in the order of the later file.

    Args:
        earlier, later: filled spools.
        length: words of a run.
    """
    small, large = sorted((earlier, later), key=len)
    labels: Closed = frozenset(
        int(key) for spool in (small, large) for key in closed(np.array(spool.answers, np.uint64))
    )
    codes, _, frames = _searched(small, (small, large), length, labels)
    hits = _hits(large, codes, length, labels)
    owners = _owners(small, {one for _, one in hits}, length, labels)
    pairs = _pairs(hits, owners)
    if small is later:
        pairs = {(owner, number) for number, owner in pairs}
    for number, source in sorted(pairs):
        yield from _verified(later, number, earlier, source, length, frames)


def pairs_within(spool: Spool, length: int) -> Iterator[tuple[int, int]]:
    """Items of one file, the earlier first, that share a run of words or a short prompt, as two files must not.

    Where many share one, each is paired with the first of them; a pair that others join already is not looked at.

    Args:
        spool: filled.
        length: words of a run.
    """
    labels: Closed = frozenset(int(key) for key in closed(np.array(spool.answers, np.uint64)))
    codes, counts, frames = _searched(spool, (spool,), length, labels)
    twice = codes[counts > 1]
    owners: dict[int, list[int]] = defaultdict(list)
    for number in range(len(spool)) if len(twice) else ():
        hashes = _item_hashes(spool[number], length, labels)
        for one in set(hashes[np.isin(_cut(hashes), twice)].tolist()):
            owners[one].append(number)
    hits = [(number, one) for one, numbers in owners.items() if len(numbers) > 1 for number in numbers]
    joined = Joined(len(spool))
    for number, other in sorted(_pairs(hits, owners)):
        apart = joined.first(number) != joined.first(other)
        if apart and any(_verified(spool, other, spool, number, length, frames)):
            joined.join(number, other)
            yield number, other


def _searched(
    indexed: Spool, telling: Iterable[Spool], length: int, labels: Closed
) -> tuple[Codes, Counts, frozenset[int]]:
    """Codes of the runs of a file that are searched for, the items that hold each, and codes of what frames prompts:
    what many of its items share, and the instructions of the files that are `telling`."""
    codes, counts, frames = _index(indexed, length, labels)
    told = [_told(said, length) for spool in telling for said in instructions(spool, length)] if len(codes) else []
    if told:
        asked = np.unique(np.concatenate(told))
        kept = ~np.isin(codes, asked)
        codes, counts, frames = codes[kept], counts[kept], frames.union(asked.tolist())
    return codes, counts, frames


def _told(said: list[str], length: int) -> Codes:
    """Codes of the runs of all instructions."""
    return _cut(_marked(_hashes(said, length), "prompt"))


def _index(spool: Spool, length: int, labels: Closed) -> tuple[Codes, Counts, frozenset[int]]:
    """Sorted codes of every run in a file but those of its frame, the items that hold each, and the frame's codes."""
    parts = [np.unique(_cut(_item_hashes(spool[number], length, labels))) for number in range(len(spool))]
    codes, counts = np.unique(np.concatenate([*parts, np.empty(0, np.uint32)]), return_counts=True)
    frame = (counts >= BOILERPLATE_ITEMS) & (counts >= BOILERPLATE_SHARE * len(spool))
    return codes[~frame], counts[~frame], frozenset(codes[frame].tolist())


def _hits(spool: Spool, index: Codes, length: int, labels: Closed) -> list[tuple[int, int]]:
    """(item, hash) for each run of the file that the index may hold; of neighbouring hits, the first and the last.

    Both are kept, since one of them may be a chance hit beside a run that is really shared.
    """
    found: list[tuple[int, int]] = []
    if not len(index):
        return found
    for number in range(len(spool)):
        hashes = _item_hashes(spool[number], length, labels)
        codes = _cut(hashes)
        at = np.searchsorted(index, codes)
        hit = index[np.minimum(at, len(index) - 1)] == codes
        inner = hit & np.append(False, hit[:-1]) & np.append(hit[1:], False)
        found += [(number, one) for one in set(hashes[hit & ~inner].tolist())]
    return found


def _owners(spool: Spool, wanted: set[int], length: int, labels: Closed) -> dict[int, list[int]]:
    """The items of the indexed file that hold each hash; none where its code was hit by chance."""
    found: dict[int, list[int]] = defaultdict(list)
    if wanted:
        for number in range(len(spool)):
            for one in wanted.intersection(_item_hashes(spool[number], length, labels).tolist()):
                found[one].append(number)
    return found


def _pairs(hits: list[tuple[int, int]], owners: dict[int, list[int]]) -> set[tuple[int, int]]:
    """Pairs (item of the larger file, item of the smaller one) that share a run. Where many items share one run, each
    is paired with the first of the other file only: everyone is reported, and the number of pairs is a sum, not a
    product."""
    by_hash: dict[int, list[int]] = defaultdict(list)
    for number, one in hits:
        if one in owners:
            by_hash[one].append(number)
    found: set[tuple[int, int]] = set()
    for one, numbers in by_hash.items():
        others = owners[one]
        if len(numbers) * len(others) <= ALL_PAIRS:
            found.update((number, other) for number in numbers for other in others)
        else:
            found.update((number, others[0]) for number in numbers)
            found.update((numbers[0], other) for other in others)
    return found


def _item_hashes(texts: list[Text], length: int, labels: Closed) -> units.Hashes:
    """Hashes of the runs of every text of an item, apart by side, and of its whole prompt where that is short."""
    said = [(side, units.units(text), text) for _, side, text in texts if side in SIDES]
    parts = [(side, _hashes(found, length)) for side, found, text in said if not _is_label(side, found, text, labels)]
    short = not any(len(hashes) for side, hashes in parts if side == "prompt")
    if short and (prompt := units.units(side_text(texts, "prompt"))):
        parts.append(("whole", np.array([units.whole(prompt)], np.uint64)))
    return np.concatenate([_marked(hashes, side) for side, hashes in parts if len(hashes)] or [np.empty(0, np.uint64)])


def _is_label(side: str, found: list[str], text: str, labels: Closed) -> bool:
    return bool(labels) and side == "answer" and len(found) <= LONGEST and answer_key(text) in labels


def _hashes(found: list[str], length: int) -> units.Hashes:
    """Hashes of every run; a fast path for texts without characters of scripts without spaces, which most are."""
    if len(found) < length:
        return np.empty(0, np.uint64)
    whole = "".join(found)
    if whole.isascii() or not units.is_character(whole):
        return units.runs(units.hashes(found), length)
    return _runs(found, length).hashes


def _marked(found: units.Hashes, side: str) -> units.Hashes:
    """Hashes mixed with the name of their side, so that prompts and answers share none."""
    return found ^ np.uint64(SIDES.index(side))


def _cut(found: units.Hashes) -> Codes:
    return (found & np.uint64(0xFFFFFFFF)).astype(np.uint32)


@dataclass(frozen=True, slots=True)
class _Runs:
    """Runs of one text: where they start, how many units they have, and their hashes, each of shape (runs,)."""

    starts: npt.NDArray[np.int64]
    lengths: npt.NDArray[np.int64]
    hashes: units.Hashes


def _runs(found: list[str], length: int) -> _Runs:
    """Every run of a text: `length` words, or as many characters of scripts without spaces as count for that."""
    of_units = units.hashes(found)
    if len(found) < length or not units.is_character("".join(found)):  # the common case, and many times quicker
        hashes = units.runs(of_units, length)
        return _Runs(np.arange(len(hashes)), np.full(len(hashes), length), hashes)
    worth = np.fromiter((1 if units.is_character(unit) else CHARACTERS_A_WORD for unit in found), int, len(found))
    before = np.append(0, np.cumsum(worth))
    ends = np.searchsorted(before, before[:-1] + length * CHARACTERS_A_WORD)
    starts = np.flatnonzero(ends <= len(found))
    sizes = ends[starts] - starts
    parts = [(starts[:0], starts[:0], of_units[:0])]
    for size in np.unique(sizes).tolist():
        here = starts[sizes == size]
        parts.append((here, np.full(len(here), size), units.runs(of_units, size)[here]))
    return _Runs(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _verified(
    later: Spool, number: int, earlier: Spool, source: int, length: int, frames: frozenset[int]
) -> Iterator[Finding]:
    here, there = later[number], earlier[source]
    for side in ("prompt", "answer"):
        best = max(
            (
                (shared, field, left, right)
                for field, of, left in here
                if of == side
                for _, other, right in there
                if other == side and (shared := _shared(left, right, side, length, frames))
            ),
            default=None,
        )
        if best is not None:
            shared, field, left, right = best
            what = f"shares a run of {shared} words" if shared < STRICT else f"copies {shared} words in a row"
            yield _finding(later, number, earlier, source, field, f"run-{side}", what, left, right)
        elif side == "prompt":
            left, right = side_text(here, side), side_text(there, side)
            if len(units.units(left)) and units.bare(left) == units.bare(right):
                yield _finding(later, number, earlier, source, "", "whole-prompt", "asks the same", left, right)


def _shared(left: str, right: str, side: str, length: int, frames: frozenset[int]) -> int:
    """Units of the longest run that both texts share; 0 where it is too short or belongs to the frame."""
    mine, other = (_unframed(units.units(text), length, side, frames) for text in (left, right))
    if mine.isdisjoint(other):
        return 0
    return max(shared_run(left, right)[0], length)


def _unframed(found: list[str], length: int, side: str, frames: frozenset[int]) -> set[tuple[str, ...]]:
    """Runs without any unit of a frame: seven words of a frame and one of content are no copy. As units, not as hashes,
    since two hashes may be equal by chance."""
    runs = _runs(found, length)
    framed = np.isin(_cut(_marked(runs.hashes, side)), np.fromiter(frames, np.uint32, len(frames)))
    ends = runs.starts + runs.lengths
    depth = np.zeros(len(found) + 1, np.int64)
    np.add.at(depth, runs.starts[framed], 1)
    np.add.at(depth, ends[framed], -1)
    covered = np.append(0, np.cumsum(np.cumsum(depth) > 0))
    free = covered[ends] == covered[runs.starts]
    return {tuple(found[start:end]) for start, end in zip(runs.starts[free], ends[free], strict=True)}


def _finding(
    later: Spool, number: int, earlier: Spool, source: int, field: str, kind: str, what: str, left: str, right: str
) -> Finding:
    shown = side_by_side(left, right)
    problem = f"{what} with {earlier.path}:{earlier.lines[source]}\n    {shown}"
    return Finding(later.path, later.lines[number], field, problem, kind, 0, shown)
