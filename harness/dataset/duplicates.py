"""Find copies inside one file: exact ones after normalisation, and near ones.

Near copies are candidates of MinHash with banding (Broder 1997; Leskovec, Rajaraman and Ullman, "Mining of Massive
Datasets", section 3.4), each verified by the exact Jaccard similarity of its shingles, so none is accused wrongly.
Of pairs at similarity s, (1 - s^4)^32 are missed: 5e-8 at 0.8, 2e-4 at 0.7. A text in which one or two words of many
were changed is a near copy as well (`harness.dataset.changed_words`), however few of its shingles that leaves.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from itertools import pairwise, product
from pathlib import Path
from typing import Any, get_args

import numpy as np
import numpy.typing as npt
import orjson
import xxhash

from harness.dataset.changed_words import few_words_changed, frame_words, weight
from harness.dataset.check import ItemsCheck
from harness.dataset.closed_answers import LONGEST, closed
from harness.dataset.findings import Finding
from harness.dataset.item import Item
from harness.dataset.parts import ask_apart
from harness.dataset.sketch import BANDS, Sketch, TextSketcher, banded
from harness.dataset.texts import Spool, side_text
from harness.dataset.turns import OPENING
from harness.spec.data import DataGates, Options, Side
from harness.text import units
from harness.text.compare import side_by_side

LABEL = 8
"""Fewest words of an answer that is compared by itself: a shorter one is a label, a number, yes or no."""
ALL_PAIRS = 40
"""Members of a bucket up to which each pair is verified; larger ones are compared with their first and last one,
since a crowd that shares a bucket is one text with small changes."""


def duplicate_findings(path: Path, items: Iterable[Item], options: Options) -> Iterator[Finding]:
    """One finding for each item that copies an earlier one, by side: both before prompt before answer.

    Args:
        path: the file that the items were read from; it is only named.
        items: read once.
        options: which sides are compared, shingle length and similarity.
    """
    spool = Spool(path)
    sides = [side for side in ("both", "prompt", "answer") if side in options.duplicates_of]
    remembered = {side: _Remembered(options.shingle) for side in sides}
    sketch = TextSketcher(options.shingle)
    contexts = array("Q")
    for number, texts in spool.fill(_contexts(items, contexts)):
        # A refusal's answer was left out: with it gone, both sides are the prompt alone.
        prompt, answer = (sketch.of(units.units(side_text(texts, side))) for side in ("prompt", "answer"))
        for side, kept in remembered.items():
            asked = 0 if side == "answer" else contexts[number]
            one = {"prompt": prompt, "answer": answer}.get(side) or sketch.joined(prompt, answer)
            if side == "answer" and weight(one.found) < LABEL:
                kept.add_nothing()
            else:
                kept.add(one, sketch.words(one), asked)
    accused: set[int] = set()
    for side in sides:
        for later, earlier, similarity in sorted(remembered[side].copies(spool, side, options.similarity)):
            if later not in accused:
                yield _finding(path, spool, side, later, earlier, similarity)
                accused.add(later)


def _contexts(items: Iterable[Item], found: array[int]) -> Iterator[Item]:
    """Items as they pass, with a hash of each one's system turns and tools put into `found`; 0 where it has neither.

    One question with other tools, or to another system turn, is another question.
    """
    for item in items:
        said = [turn.get("content") for turn in item.messages if turn["role"] in OPENING]
        raw = orjson.dumps([said, item.tools], option=orjson.OPT_SORT_KEYS, default=str) if said or item.tools else b""
        found.append(xxhash.xxh64_intdigest(raw) if raw else 0)
        yield item


class _Remembered:
    """Hashes of one side of every item: one of the whole text and two a band, 264 bytes an item."""

    def __init__(self, shingle: int) -> None:
        self._shingle = shingle
        self._wholes = bytearray()
        self._bands = bytearray()
        self._words = bytearray()
        self._short = bytearray()

    def add(self, sketch: Sketch, words: bytes, context: int) -> None:
        """Store the hashes of the next item's text. A text without units, or too short for a shingle, gets no bands.
        Texts of different contexts are never compared."""
        self._words += _within(words, context)
        self._short.append(len(sketch.found) <= LONGEST)
        self._wholes += np.uint64((units.whole(sketch.found) ^ context) if sketch.found else 0).tobytes()
        if len(sketch.found) < self._shingle:
            self._bands += bytes(4 * BANDS)
            return
        self._bands += _within(banded(sketch.minima), context)

    def add_nothing(self) -> None:
        """Store an empty entry for the next item, whose text is not compared by itself."""
        self._words += bytes(4 * BANDS)
        self._bands += bytes(4 * BANDS)
        self._wholes += bytes(8)
        self._short.append(True)

    def copies(self, spool: Spool, side: str, similarity: float) -> Iterator[tuple[int, int, float]]:
        """Later item, the earlier one that it copies, and their similarity; each item at most once."""
        wholes = np.frombuffer(bytes(self._wholes), np.uint64)
        if side == "answer":
            standing = np.isin(wholes, closed(wholes)) & np.frombuffer(self._short, np.bool_)
            wholes = np.where(standing, np.uint64(0), wholes)
        first_of = np.arange(len(wholes))
        for group in _groups(wholes):
            for later in group[1:]:
                here, there = spool.side(later, side), spool.side(group[0], side)
                found = units.units(here)
                if found == units.units(there) and (
                    len(found) >= self._shingle or units.bare(here) == units.bare(there)
                ):
                    first_of[later] = group[0]
                    yield later, group[0], 1.0
        singles = np.flatnonzero((first_of == np.arange(len(wholes))) & (wholes != 0))
        both = [np.frombuffer(found, np.uint32).reshape(-1, BANDS) for found in (self._bands, self._words)]
        yield from _near(spool, side, singles, both, _Alike(frame_words(spool), self._shingle, similarity))


def _within(bands: bytes, context: int) -> bytes:
    """Bands mixed with the hash of their context, so that items of other contexts share none. A band of 0, which stands
    for none, stays 0, and no other becomes 0, since bands are odd."""
    found = np.frombuffer(bands, np.uint32)
    mixed: npt.NDArray[np.uint32] = np.where(found == 0, found, found ^ np.uint32((context >> 32) & ~1))
    return mixed.astype(np.uint32).tobytes()


def _near(
    spool: Spool,
    side: str,
    singles: npt.NDArray[np.int64],
    bands: Sequence[npt.NDArray[np.uint32]],
    alike: _Alike,
) -> Iterator[tuple[int, int, float]]:
    """Near copies among items that are no exact copies: (later item, the item it copies, similarity). Copies of copies
    form one cluster, whatever their order; each member but the first is reported with one member that it is near to."""
    parent = np.arange(len(singles))
    tried: set[tuple[int, int]] = set()
    links: dict[int, list[tuple[int, float]]] = {}
    for found_in, band in product(bands, range(BANDS)):
        for group in _groups(found_in[singles, band]):
            for a, b in _pairs(group):
                if (a, b) in tried or _root(parent, a) == _root(parent, b):
                    continue
                tried.add((a, b))
                found = alike.similarity(spool.side(int(singles[a]), side), spool.side(int(singles[b]), side))
                if found is not None:
                    low, high = sorted((_root(parent, a), _root(parent, b)))
                    parent[high] = low
                    links.setdefault(a, []).append((b, found))
                    links.setdefault(b, []).append((a, found))
    for number in sorted(links):
        if _root(parent, number) == number:  # the earliest of its cluster
            yield from _walk(number, links, singles)


def _walk(
    start: int, links: dict[int, list[tuple[int, float]]], singles: npt.NDArray[np.int64]
) -> Iterator[tuple[int, int, float]]:
    seen, waiting = {start}, [start]
    while waiting:
        here = waiting.pop()
        for other, similarity in links[here]:
            if other not in seen:
                seen.add(other)
                waiting.append(other)
                yield int(singles[other]), int(singles[here]), similarity


def _pairs(group: list[int]) -> Iterator[tuple[int, int]]:
    if len(group) <= ALL_PAIRS:
        yield from ((a, b) for at, a in enumerate(group) for b in group[at + 1 :])
        return
    for before, member in pairwise(group):
        yield group[0], member
        yield before, member


def _groups(keys: npt.NDArray[np.unsignedinteger]) -> Iterator[list[int]]:
    """Indices that share a key, in ascending order; keys of 0 stand for nothing."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    starts = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1])) if len(keys) else np.empty(0, np.int64)
    ends = np.append(starts[1:], len(keys))
    for start, end in zip(starts[ends - starts > 1], ends[ends - starts > 1], strict=True):
        if ordered[start]:
            yield order[start:end].tolist()


def _root(parent: npt.NDArray[np.int64], member: int) -> int:
    while parent[member] != member:
        parent[member] = parent[parent[member]]
        member = int(parent[member])
    return member


@dataclass(frozen=True, slots=True)
class _Alike:
    """The test whether two texts of one file are near copies."""

    frame: frozenset[str]
    """Words that many prompts of the file share."""
    shingle: int
    least: float
    """Least Jaccard similarity of the shingles of near copies."""

    def similarity(self, left: str, right: str) -> float | None:
        """The similarity of two near copies: that of their shingles, or of their words where only a word or two were
        changed; None where they are not near copies."""
        said, other = units.units(left), units.units(right)
        found = _jaccard(_shingles(said, self.shingle), _shingles(other, self.shingle))
        if found < self.least:
            found = _jaccard(set(said), set(other)) if few_words_changed(said, other, self.frame) else -1.0
        return None if found < 0 or ask_apart(left, right, self.frame) else found


def _jaccard(left: Set[Any], right: Set[Any]) -> float:
    return len(left & right) / len(left | right) if left or right else 0.0


def _shingles(found: list[str], length: int) -> set[tuple[str, ...]]:
    return {tuple(found[at : at + length]) for at in range(len(found) - length + 1)}


def _finding(path: Path, spool: Spool, side: str, later: int, earlier: int, similarity: float) -> Finding:
    what = {"both": "the item", "prompt": "the prompt", "answer": "the answer"}[side]
    here, there = spool.side(later, side), spool.side(earlier, side)
    exact = units.bare(here) == units.bare(there)  # the same words may stand in another order, or in other brackets
    kind, how = ("exact", "is that of") if exact else ("near", f"is {similarity:.2f} alike to that of")
    shown = side_by_side(here, there)
    problem = f"{what} {how} line {spool.lines[earlier]}\n    {shown}"
    return Finding(path, spool.lines[later], "" if side == "both" else side, problem, f"{kind}-{side}", 0, shown)


def _option(kind: str, chosen: DataGates) -> str:
    """The option that lets the check find less of a kind: the similarity for near copies, or the sides that are
    searched."""
    how, _, side = kind.partition("-")
    sides = ", ".join(f'"{one}"' for one in chosen.duplicates_of if one != side)
    nearer = min(0.95, round((chosen.similarity + 1) / 2, 2))
    looser = [f"similarity = {nearer}"] if how == "near" and nearer > chosen.similarity else []
    return " or ".join([*looser, f"duplicates_of = [{sides}]"])


CHECK = ItemsCheck(
    name="duplicates",
    holds="No item of the file copies another one, exactly or nearly.",
    kinds=frozenset(f"{how}-{side}" for how in ("exact", "near") for side in get_args(Side)),
    findings=lambda task, split, items, options: duplicate_findings(task.files[split], items, options),
    options=_option,
)
