"""Distribute records to splits: by content, by digest, and in the same way whatever the order of the file's lines.

What hangs together stays together. The benchmark gets what its thresholds need, if that leaves enough to learn from.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from harness.dataset.item import Item
from harness.dataset.leakage import text_findings
from harness.errors import DataError
from harness.new.groups import groups
from harness.spec.data import DEFAULT

BENCHMARK, DEV = (0.2, 0.4, 400), (0.1, 0.2, 200)
"""Of the independent groups: the share that a split gets, the share up to which it gets what it needs, and the most."""
DEV_NEEDS = 40
"""Items of `dev` below which experiments are chosen by luck (`harness.gates.aims.FEW`)."""
LARGE = 0.25
"""Share of all items from which a group is too large to judge anything: it is learned from."""
ROUNDS = 20

Chosen = dict[int, str]
"""Number of an item -> its split."""


def distribute(
    items: Sequence[Item],
    digests: Sequence[str],
    splits: Sequence[str],
    benchmark: int,
    strata: Sequence[str],
    told: Path,
) -> tuple[Chosen, int]:
    """The split of each item, and how many groups they make.

    Args:
        digests: of each item's record.
        splits: those that are to be filled; the first gets what the others leave.
        benchmark: independent items that the benchmark needs.
        strata: of each item, what every split is to have its part of; "" for nothing.
        told: the file that the items are of, for messages.

    Raises:
        DataError: they hang together so much that there is nothing for a split.
    """
    order = _ordered(groups(items), digests, strata)
    chosen: Chosen = {}
    free = [group for group in order if len(group) <= max(1, LARGE * len(items))]
    if len(free) < len(splits) - 1 or len(order) < len(splits):
        raise DataError(told, 0, _too_few(len(items), len(order), splits))
    at = 0
    for split in [one for one in ("benchmark", "dev") if one in splits[1:]]:
        count = _size(len(order), *BENCHMARK, benchmark) if split == "benchmark" else _size(len(order), *DEV, DEV_NEEDS)
        part = free[at : at + count]
        at += count
        chosen.update((number, split) for group in part for number in group)
    for group in order:
        for number in group:
            chosen.setdefault(number, splits[0])
    if set(splits) - set(chosen.values()):
        raise DataError(told, 0, _too_few(len(items), len(order), splits))
    return _apart(items, order, chosen, splits), len(order)


def _size(count: int, share: float, ceiling: float, most: int, need: int) -> int:
    """Groups of a split out of `count`, at least one."""
    return max(1, round(min(max(share * count, need), ceiling * count, most)))


def _ordered(found: list[list[int]], digests: Sequence[str], strata: Sequence[str]) -> list[list[int]]:
    """Groups by the digests of what they hold, strata in turn: any stretch has of each stratum what the whole has."""
    keyed = sorted((min(digests[number] for number in group), group) for group in found)
    of_stratum = {digest: min(strata[number] for number in group) for digest, group in keyed}
    sizes, ranks = Counter(of_stratum.values()), Counter[str]()
    placed = []
    for digest, group in keyed:
        stratum = of_stratum[digest]
        placed.append(((ranks[stratum] + 0.5) / sizes[stratum], digest, group))
        ranks[stratum] += 1
    return [group for _, _, group in sorted(placed, key=lambda one: one[:2])]


def _apart(items: Sequence[Item], order: list[list[int]], chosen: Chosen, splits: Sequence[str]) -> Chosen:
    """The same with what still knows another split moved to the first one: a frame that all items share hides less
    inside one split than inside the whole."""
    group_of = {number: group for group in order for number in group}
    for _ in range(ROUNDS):
        found = _accused(items, chosen, splits)
        kept = Counter(split for number, split in chosen.items() if number not in found)
        if not found or any(not kept[split] for split in splits):
            return chosen
        for number in found:
            chosen.update((one, splits[0]) for one in group_of[number])
    return chosen


def _accused(items: Sequence[Item], chosen: Chosen, splits: Sequence[str]) -> set[int]:
    """Items outside of the first split whose texts another one knows."""
    members: Mapping[str, list[int]] = defaultdict(list)
    for number in range(len(items)):
        members[chosen[number]].append(number)
    named = {
        split: (Path(split), [replace(items[number], line=place) for place, number in enumerate(members[split])])
        for split in splits
    }
    return {
        members[str(finding.path)][finding.line]
        for finding in text_findings(named, DEFAULT.overlap)
        if str(finding.path) != splits[0]
    }


def _too_few(items: int, count: int, splits: Sequence[str]) -> str:
    records = "1 record" if items == 1 else f"{items} records"
    apart = f", of which {count} are independent of each other (by topic, passage or wording)" if count < items else ""
    return (
        f"{records}{apart}: too few to fill {', '.join(splits)}; bring more, or files that are named "
        "train, dev and test"
    )
