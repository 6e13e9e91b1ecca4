"""Digests of what benchmark items ask, by which a ledger recognises an item again.

A digest covers what the item itself says in its prompt, in units without case, punctuation and invisible characters. It
does not cover id, file, task, place, template, system turn or the wanted answer. So an item that is renamed, moved to
another file or put into another frame is the same item.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from harness.dataset import checks
from harness.dataset.item import Item
from harness.dataset.texts import own_texts
from harness.releases import judged_items
from harness.spec.objects import Spec
from harness.store import digests
from harness.text import units

TOPIC = "topic"


@dataclass(frozen=True, slots=True)
class Tried:
    """The items that one adapter is asked, as digests."""

    items: frozenset[str]
    """Digests of the single items."""
    whole: str
    """Digest of all their tasks, ids and contents, as lines of the ledger's first form have it."""

    @property
    def digest(self) -> str:
        """SHA-256 of the set of all questions, independent of their names and order."""
        return digests.of_value(sorted(self.items))


def tried(items: Iterable[Item]) -> Tried:
    """The digests of these items."""
    known = list(items)
    return Tried(frozenset(by_item(known).values()), judged_items.benchmark_digest(known))


def by_item(items: Sequence[Item]) -> dict[tuple[str, str], str]:
    """(task, id) -> digest. Where several items ask the same but for their topic, their topic counts as well."""
    plain = [_asked(item, topic=False) for item in items]
    times = Counter(plain)
    found = [
        one if one and times[one] == 1 else _asked(item, topic=True) for item, one in zip(items, plain, strict=True)
    ]
    return {(item.task, item.id): digests.of_value(one)[:16] for item, one in zip(items, found, strict=True)}


def of_adapter(spec: Spec, adapter: str) -> Tried:
    """The benchmark items of an adapter's tasks.

    Raises:
        DataError: one of the files cannot be read.
    """
    chosen = checks.options_of(spec)
    tasks = [spec.tasks[name] for name in spec.adapters[adapter].tasks]
    return tried(
        item for task in tasks if "benchmark" in task.files for item in checks.items_of(task, "benchmark", chosen)
    )


def _asked(item: Item, topic: bool) -> tuple[str, ...]:
    """The units of each text of the prompt, in an order that no template changes."""
    said = [" ".join(units.units(text)) for field, text in own_texts(item) if topic or field != TOPIC]
    return tuple(sorted(text for text in said if text))
