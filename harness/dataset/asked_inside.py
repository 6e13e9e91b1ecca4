"""Find short questions of one file that stand inside longer texts of another: in a prompt, an answer or a system turn.

Runs of words (`harness.dataset.shared_runs`) cannot find them: a question shorter than a run has none. A model that was
trained on a text that contains a benchmark question has seen that question all the same. Questions are indexed by a
hash of their first units; the texts of the other file are streamed past the index.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Container, Iterator
from dataclasses import dataclass, field

import numpy as np

from harness.dataset.changed_words import content, weight
from harness.dataset.findings import Finding
from harness.dataset.texts import Spool
from harness.text import units
from harness.text.compare import side_by_side
from harness.text.pattern import later

KIND = "asked-inside"
LONGEST = 32
"""Longest question, in units (`harness.text.units`). A longer prompt is compared by its runs instead."""
FEWEST, TELLING = 3, 4
"""Fewest words of a question; and fewest telling words (`content`) from which a match counts wherever it stands in a
text."""
ANCHORS = (3, 6)
"""Length in units of the prefix by which a question is looked up: the short prefix, and the long one for questions that
have so many units."""
_ASKS = later(
    "[?\uff1f]|^\\W*(?:who|what|when|where|which|why|how|whose|whom|name|list|explain|describe|give|tell|write|solve|"
    "find|calculate|compute|define|prove|convert|compare|suggest|recommend|summari[sz]e|translate)\\b"
    "|\u4ec0\u4e48|\u4ec0\u9ebc|\u600e|\u5982\u4f55|\u4e3a\u4f55|\u8c01|\u54ea|\u591a\u5c11|\u51e0|\u5417|^\u8bf7|\u5217\u4e3e|\u89e3\u91ca|\u8bf4\u660e|\u8ba1\u7b97",
    re.IGNORECASE,
)
_BORDER = later(r"[.!?:;\n\"\u2018-\u201f(\[\u3002\uff01\uff1f\uff1a\uff1b\u300c-\u300f\uff08\uff09)*]")


@dataclass(slots=True)
class _Questions:
    """Short questions of one file by the hash of their first units."""

    by_anchor: dict[int, dict[tuple[str, ...], list[int]]] = field(default_factory=lambda: defaultdict(dict))
    lengths: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    keys: units.Hashes = field(default_factory=lambda: np.empty(0, np.uint64))

    def add(self, number: int, prompt: str) -> None:
        """Index the prompt of item `number` if it is a short question; other prompts are ignored."""
        if len(prompt) > 12 * LONGEST or not _ASKS.search(prompt):
            return
        found = units.units(prompt)
        if not FEWEST <= weight(found) <= LONGEST or len(found) > LONGEST or weight(content(found)) < FEWEST - 1:
            return
        size = max(size for size in ANCHORS if size <= len(found))
        anchor = int(units.runs(units.hashes(found[:size]), size)[0])
        self.by_anchor[anchor].setdefault(tuple(found), []).append(number)
        self.lengths[anchor].add(len(found))

    def inside(self, text: str) -> Iterator[list[int]]:
        """Numbers of the items whose question stands in `text` with other words around it, one list a match."""
        found = units.units(text)
        of_units = units.hashes(found)
        for size in ANCHORS:
            hashes = units.runs(of_units, size)
            places = np.minimum(np.searchsorted(self.keys, hashes), len(self.keys) - 1)
            for start in np.flatnonzero(self.keys[places] == hashes).tolist():
                anchor = int(hashes[start])
                for length in self.lengths[anchor]:
                    question = tuple(found[start : start + length])
                    numbers = self.by_anchor[anchor].get(question)
                    if numbers and len(question) < len(found) and _stands_out(text, question, start):
                        yield numbers

    def index(self) -> None:
        """Sort the index. Call it once, after the last `add` and before the first `inside`."""
        self.keys = np.sort(np.fromiter(self.by_anchor, np.uint64, len(self.by_anchor)))


def asked_inside_findings(earlier: Spool, later: Spool, known: Container[int]) -> Iterator[Finding]:
    """One finding for each item of the later file whose question stands inside a longer text of the earlier file, or
    whose prompt contains a whole question of the earlier file.

    Args:
        earlier, later: filled spools.
        known: lines of the later file that are accused already.
    """
    found: dict[int, tuple[int, str]] = {}
    for number, source, text in _held(later, earlier, ("prompt", "answer", "system")):
        found.setdefault(number, (source, text))
    for source, number, _ in _held(earlier, later, ("prompt",)):
        found.setdefault(number, (source, earlier.side(source, "prompt")))
    for number, (source, text) in sorted(found.items()):
        line = later.lines[number]
        if line not in known:
            shown = side_by_side(later.side(number, "prompt"), text)
            problem = f"asks what stands inside a text of {earlier.path}:{earlier.lines[source]}\n    {shown}"
            yield Finding(later.path, line, "", problem, KIND, 0, shown)


def pairs_within(spool: Spool) -> Iterator[tuple[int, int]]:
    """An item of a file that asks a short question, and another one in whose texts that question stands.

    Args:
        spool: filled.
    """
    for number, source, _ in _held(spool, spool, ("prompt", "answer", "system")):
        if number != source:
            yield number, source


def _held(asking: Spool, holding: Spool, sides: Container[str]) -> Iterator[tuple[int, int, str]]:
    """(number of the asking item, number of the item that contains its question, that text), for every match."""
    questions = _Questions()
    for number in range(len(asking)):
        questions.add(number, asking.side(number, "prompt"))
    if not questions.by_anchor:
        return
    questions.index()
    for source in range(len(holding)):
        for _, side, text in holding[source]:
            if side in sides:
                for numbers in questions.inside(text):
                    yield from ((number, source, text) for number in numbers)


def _stands_out(text: str, question: tuple[str, ...], start: int) -> bool:
    """Whether a question that a text holds is asked there: it says enough, or is a sentence of its own."""
    if weight(content(question)) >= TELLING:
        return True
    places = units.spans(text)
    if [unit for unit, _, _ in places[start : start + len(question)]] != list(question):
        return False
    begin, end = places[start][1], places[start + len(question) - 1][2]
    before = text[places[start - 1][2] if start else 0 : begin]
    after = text[end : places[start + len(question)][1] if start + len(question) < len(places) else len(text)]
    return (not start or bool(_BORDER.search(before))) and (
        start + len(question) == len(places) or bool(_BORDER.search(after))
    )
