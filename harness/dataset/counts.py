"""Compare what a data file holds with what the release spec declares about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from harness.dataset.check import ItemsCheck, SplitsCheck
from harness.dataset.findings import Finding
from harness.dataset.item import Item
from harness.spec import nearest

KNOWN = ("items", "refusals", "cells")
ADDED = "added"
"""Origin of items that a release adds to what it took over from an earlier one."""


def count_findings(path: Path, items: tuple[Item, ...], declared: Mapping[str, Any]) -> tuple[Finding, ...]:
    """Differences between the items and the declared counts; every count is exact.

    Args:
        path: the file that the items were read from; it is only named.
        items: the file's items.
        declared: ``items`` and ``refusals`` are numbers of items. ``cells`` maps a product of fields, written
            ``chapter*difficulty``, to its number of distinct values; where any item has an ``origin``,
            only the added ones are counted.

    Raises:
        ValueError: a key of `declared` is unknown.
    """
    found: list[Finding] = []
    for key, expected in declared.items():
        match key:
            case "items":
                found.extend(_differs(path, "items", len(items), expected, "items"))
            case "refusals":
                count = sum(item.must_refuse for item in items)
                found.extend(_differs(path, "refusals", count, expected, "items that must be refused"))
            case "cells":
                for product, number in expected.items():
                    found.extend(_cell_findings(path, items, product, number))
            case _:
                raise ValueError(f"unknown count {key!r}; {nearest.mend(key, KNOWN)}")
    return tuple(found)


def id_findings(files: Iterable[tuple[Path, Iterable[Item]]]) -> Iterator[Finding]:
    """Ids that stand twice in the files of one task; records without an id of their own are left out."""
    first_of: dict[str, tuple[Path, int]] = {}
    for path, items in files:
        for item in items:
            if "id" not in item.fields:
                continue
            first, line = first_of.setdefault(item.id, (path, item.line))
            if (first, line) != (path, item.line):
                problem = f"{item.id!r} is the id of {first}:{line} already; ids are unique over all files of a task"
                yield Finding(path, item.line, "id", problem, "repeated-id", 0, item.id)


def _cell_findings(path: Path, items: tuple[Item, ...], product: str, expected: int) -> Iterator[Finding]:
    fields = [name.strip() for name in product.split("*")]
    marked = any("origin" in item.fields for item in items)
    counted = [item for item in items if not marked or item.fields.get("origin") == ADDED]
    cells: set[tuple[str, ...]] = set()
    for item in counted:
        missing = [name for name in fields if name not in item.fields]
        for name in missing:
            yield Finding(path, item.line, name, f"key is missing; {product!r} is counted over it", "count")
        if not missing:
            cells.add(tuple(str(item.fields[name]) for name in fields))
    what = f"distinct values of {product}" + (" among added items" if marked else "")
    yield from _differs(path, f"cells.{product}", len(cells), expected, what)


def _differs(path: Path, field: str, found: int, expected: int, what: str) -> Iterator[Finding]:
    if found != expected:
        yield Finding(
            path, 0, field, f"{found} {what}, the spec declares {expected}; mend the file or the spec", "count"
        )


CHECK = ItemsCheck(
    name="counts",
    holds="The file holds what the spec declares of it: items, refusals, cells.",
    kinds=frozenset({"count"}),
    findings=lambda task, split, items, options: count_findings(task.files[split], tuple(items), task.counts[split]),
    concerns=lambda task, split: split in task.counts,
)
IDS_UNIQUE = SplitsCheck(
    name="ids_unique",
    holds="No id stands twice in the files of the task.",
    kinds=frozenset({"repeated-id"}),
    findings=lambda files, elsewhere, held_out, options: id_findings(files.values()),
)
