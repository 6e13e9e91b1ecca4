"""Find what one split knows of another: shared topics, and shared runs of words.

A benchmark item that was trained on measures memory. Compared are the items' own texts; the words that
the template adds to every prompt, and the house form of refusals, are meant to be the same everywhere.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from itertools import combinations
from pathlib import Path

from harness.dataset.findings import Finding
from harness.dataset.records import Item

NamedItems = Mapping[str, tuple[Path, tuple[Item, ...]]]
"""Split (train, dev, benchmark, parity) -> the file and its items, in the order to compare."""

RUN = 8
"""Words in a row that two texts do not share by chance."""

IDEOGRAPH_RUN = 16
"""The same for scripts without spaces, where each ideograph counts as a word and two make about one."""

TEXT_FIELDS = ("question", "request", "notes", "facts", "text")

_WORD = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]|[^\\W\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]+")
_ARTICLE = re.compile(r"^(the|an?) ")


def topic_findings(named_items: NamedItems) -> tuple[Finding, ...]:
    """Topics that two splits share, and topics that the benchmark holds twice.

    Each is reported once, in the later file and at the later line, and names the earlier place.
    Items of one topic are not independent: a repeated benchmark topic would be counted twice.
    """
    found: list[Finding] = []
    for split, (path, items) in named_items.items():
        if split == "benchmark":
            seen: dict[str, Item] = {}
            for item in items:
                first = seen.setdefault(_topic(item), item)
                if first is not item:
                    found.append(
                        Finding(path, item.line, "topic", f"{item.topic!r} stands in line {first.line} already")
                    )
    for (_, (path, items)), (other, (later, others)) in combinations(named_items.items(), 2):
        first_of = {_topic(item): item for item in reversed(items)}
        for item in others:
            source = first_of.get(_topic(item))
            if source is not None:
                problem = f"{item.topic!r} is a topic of {path}:{source.line} too; {other} needs topics of its own"
                found.append(Finding(later, item.line, "topic", problem))
    return tuple(found)


def text_findings(named_items: NamedItems) -> tuple[Finding, ...]:
    """Runs of `RUN` words that items of two splits share, in prompts or in reference answers.

    Prompts are compared with prompts and references with references; references of items that must be
    refused are left out. One finding per pair of items and field, in the later file, quotes the first run.
    """
    found: list[Finding] = []
    for (_, (path, items)), (_, (later, others)) in combinations(named_items.items(), 2):
        known: dict[tuple[str, str], int] = {}
        for item in items:
            for _, side, text in _texts(item):
                for run in _runs(text):
                    known.setdefault((side, run), item.line)
        for item in others:
            told: set[tuple[str, int]] = set()
            for field, side, text in _texts(item):
                for run in _runs(text):
                    line = known.get((side, run))
                    if line is not None and (field, line) not in told:
                        told.add((field, line))
                        found.append(Finding(later, item.line, field, f"shares {run!r} with {path}:{line}"))
    return tuple(found)


def _topic(item: Item) -> str:
    """The topic without case, width, punctuation and leading article."""
    return _ARTICLE.sub("", " ".join(_words(item.topic)))


def _texts(item: Item) -> Iterator[tuple[str, str, str]]:
    """Field, side (prompt or reference) and text of everything that the item itself says."""
    if "messages" in item.fields:
        for turn in item.messages:
            if turn["role"] == "user":
                yield "messages", "prompt", turn["content"]
    for field in TEXT_FIELDS:
        value = item.fields.get(field, ())
        for part in (value,) if isinstance(value, str) else value:
            yield field, "prompt", part if isinstance(part, str) else part["text"]
    if not item.must_refuse:
        yield "reference", "reference", item.reference


def _runs(text: str) -> Iterator[str]:
    words = _words(text)
    for start, word in enumerate(words):
        length = IDEOGRAPH_RUN if len(word) == 1 and word > "\u3040" else RUN
        if start + length <= len(words):
            yield " ".join(words[start : start + length])


def _words(text: str) -> list[str]:
    return _WORD.findall(unicodedata.normalize("NFKC", text).casefold())
