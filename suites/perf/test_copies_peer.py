"""Near copies by datatrove's MinHash deduplication and by ours: the same texts, units, bands and machine.

    GREENRUN_PERF_PEER_RECORDS=10000 pytest suites/perf/test_copies_peer.py -s

prints the ratio of the times, and of every planted copy who accuses it. datatrove accuses whatever shares a band and
keeps one text of each cluster; ours verifies each pair, so the two are expected to differ below the similarity.
"""

from __future__ import annotations

import os
import random
import struct
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.dataset.duplicates import duplicate_findings
from harness.dataset.item import Item
from harness.dataset.sketch import BANDS, ROWS
from harness.spec.data import Options
from harness.text import units

RECORDS = int(os.environ.get("GREENRUN_PERF_PEER_RECORDS", "5000"))
WORDS = 80
PLANTED_EVERY = 20
OPTIONS = Options(duplicates_of=("prompt",))


def _changed(words: list[str], count: int) -> list[str]:
    """A text with `count` words changed at equal distances: each change removes up to five shingles."""
    at = {(2 * number + 1) * len(words) // (2 * count) for number in range(count)}
    return [f"other{number}" if number in at else word for number, word in enumerate(words)]


PLANTS: dict[str, Callable[[list[str]], str]] = {
    "the same": " ".join,
    "other case and spaces": lambda words: "  ".join(words).upper(),
    "1 word changed": lambda words: " ".join(_changed(words, 1)),
    "2 words changed": lambda words: " ".join(_changed(words, 2)),
    "4 words changed": lambda words: " ".join(_changed(words, 4)),
    "a tenth added": lambda words: " ".join([*words, *(f"more{number}" for number in range(len(words) // 10))]),
    "halves swapped": lambda words: " ".join([*words[len(words) // 2 :], *words[: len(words) // 2]]),
    "four words, the same": lambda words: " ".join(words[:4]),
}


def planted_texts() -> tuple[list[str], dict[int, tuple[str, int]]]:
    """(texts in order, number of each copy -> (how it was made, number of its original))."""
    source = random.Random(5)
    vocabulary = [f"w{number}" for number in range(20_000)]
    made: list[str] = []
    copies: dict[int, tuple[str, int]] = {}
    names = list(PLANTS)
    while len(made) < RECORDS:
        words = source.choices(vocabulary, k=WORDS)
        if len(made) % PLANTED_EVERY:
            made.append(" ".join(words))
            continue
        name = names[len(made) // PLANTED_EVERY % len(names)]
        original = " ".join(words[:4]) if name.startswith("four") else " ".join(words)
        made += [original, PLANTS[name](words)]
        copies[len(made) - 1] = name, len(made) - 2
    return made, copies


def ours(texts: list[str], _: Path) -> set[int]:
    items = (
        Item(str(number), "task", "plain", "t", ({"role": "user", "content": text},), "", (), number)
        for number, text in enumerate(texts)
    )
    return {found.line for found in duplicate_findings(Path("texts"), items, OPTIONS)}


def theirs(texts: list[str], folder: Path) -> set[int]:
    from datatrove.data import Document
    from datatrove.pipeline.dedup.minhash import (
        MinhashConfig,
        MinhashDedupBuckets,
        MinhashDedupCluster,
        MinhashDedupSignature,
    )
    from datatrove.utils.hashing import HashConfig
    from datatrove.utils.text import TextNormConfig
    from datatrove.utils.word_tokenizers import WordTokenizer

    class Units(WordTokenizer):  # type: ignore[misc]
        """A tokenizer for datatrove that cuts texts into our units, so that only the search differs."""

        def word_tokenize(self, text: str) -> list[str]:
            return units.units(text)

        def sent_tokenize(self, text: str) -> list[str]:
            return [text]

        def span_tokenize(self, text: str) -> list[tuple[int, int]]:
            return [(0, len(text))]

    config = MinhashConfig(
        n_grams=OPTIONS.shingle,
        num_buckets=BANDS,
        hashes_per_bucket=ROWS,
        norm_config=TextNormConfig(norm_numbers=False),  # else all numbers are one, and our made-up words with them
        hash_config=HashConfig(hash_fc="sha1"),  # its default hands text to xxhash, which from 4.0 on takes bytes alone
    )
    signatures, buckets, removed = (str(folder / name) for name in ("signatures", "buckets", "removed"))
    documents: Iterator[Any] = (Document(text=text, id=str(number)) for number, text in enumerate(texts))
    MinhashDedupSignature(signatures, config, language=Units()).run(documents)
    for rank in range(BANDS):
        MinhashDedupBuckets(signatures, buckets, config=config).run(None, rank, BANDS)
    MinhashDedupCluster(buckets, removed, config).run(None, 0, 1)
    listed = folder / "removed" / "000000.remove"
    return {number for (number,) in struct.iter_unpack("<I", listed.read_bytes())} if listed.exists() else set()


def similarity(one: str, other: str) -> float:
    def shingles(text: str) -> set[tuple[str, ...]]:
        found = units.units(text)
        return {tuple(found[at : at + OPTIONS.shingle]) for at in range(len(found) - OPTIONS.shingle + 1)}

    left, right = shingles(one), shingles(other)
    return len(left & right) / len(left | right) if left | right else 1.0


@pytest.mark.slow
def test_copies_are_found_as_a_peer_finds_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("datatrove", reason="datatrove is not installed: make perf installs it")
    texts, copies = planted_texts()
    seconds, accused = {}, {}
    for search in (ours, theirs):
        started = time.process_time()
        accused[search] = search(texts, tmp_path)
        seconds[search] = time.process_time() - started
    kinds = Counter(name for name, _ in copies.values())
    with capsys.disabled():
        print(
            f"\n{len(texts)} texts: ours {seconds[ours]:.1f} s of processor time, datatrove {seconds[theirs]:.1f} s, ",
            end="",
        )
        print(f"{seconds[theirs] / seconds[ours]:.2f} times ours")
        print(f"{'planted':<24} {'similarity':>10} {'copies':>7} {'ours':>6} {'datatrove':>10}")
        for name in PLANTS:
            pairs = [(number, original) for number, (made, original) in copies.items() if made == name]
            alike = sum(similarity(texts[number], texts[original]) for number, original in pairs) / max(1, len(pairs))
            found = [sum(not accused[by].isdisjoint(pair) for pair in pairs) for by in (ours, theirs)]
            print(f"{name:<24} {alike:>10.2f} {kinds[name]:>7} {found[0]:>6} {found[1]:>10}")
        planted = {number for copy, (_, original) in copies.items() for number in (copy, original)}
        wrong = [len(accused[by] - planted) for by in (ours, theirs)]
        print(f"{'not planted':<24} {'':>10} {'':>7} {wrong[0]:>6} {wrong[1]:>10}")
    wanted = {number for number, (_, original) in copies.items() if similarity(texts[number], texts[original]) >= 0.8}
    assert accused[ours] == wanted
