"""How many adapters a benchmark has judged: each attempt is another chance to pass by luck.

The ledger is a JSONL file that the spec names and all runners share: append-only, one fsynced line an adapter,
written under a lock before the benchmark is put to it (`harness.releases.ledger_file`). The same adapter on the same
items again costs nothing. A ledger that is not named, or not there, says "unknown": whoever begins a benchmark begins
its ledger, as an empty file.

Attempts are counted by what items ask (`harness.releases.tried_items`): one that saw at least one of the present items
counts, whatever the items were called then, in which files they stood and what stood beside them.

What the count does to an error of alpha an attempt:

* The chance that any of k adapters that deserve to fail passes is at most k * alpha (Boole's inequality), whatever
  ties the attempts together, as long as none was made by looking at the benchmark's answers; and
  1 - (1 - alpha)^k if they were independent.
* ``attempts = "spend"`` keeps the sum over all attempts at alpha: attempt k is judged at 6 / (pi^2 k^2) of it, shares
  that sum to 1 (Euler's sum of the inverse squares), as in alpha spending (Lan and DeMets, "Discrete sequential
  boundaries for clinical trials", Biometrika 70, 1983). The sum covers attempts that follow from earlier ones by
  "not released" alone; so a gate that is not passed then says no more than its outcome.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from harness.errors import SpecError
from harness.releases import ledger_file, tried_items
from harness.releases.ledger_file import Entries
from harness.releases.tried_items import Tried
from harness.spec.objects import Spec
from harness.statistics.bounds import error_rate

SPEND = "spend"
UNKNOWN = "unknown"


def ceiling(alpha: float, attempts: int) -> float:
    """Upper limit of the error after so many attempts at `alpha` each (Boole's inequality)."""
    return min(1.0, alpha * attempts)


def if_independent(alpha: float, attempts: int) -> float:
    """The error after so many attempts at `alpha` each, if they were independent."""
    return 1.0 - (1.0 - alpha) ** attempts


def spent(alpha: float, attempt: int) -> float:
    """The share of `alpha` at which attempt number `attempt` (from 1) is judged."""
    if attempt < 1:
        raise ValueError(f"attempts are counted from 1, got {attempt}")
    return alpha * 6.0 / (math.pi * attempt) ** 2


@dataclass(frozen=True, slots=True)
class Count:
    """How often the items of a benchmark were tried."""

    attempts: tuple[tuple[str, frozenset[str] | str], ...]
    """(adapter, items that it was asked) of each attempt on at least one of the present items, in order; in place of
    the items, the digest of a benchmark whose items are not recorded. An adapter stands here twice only where the items
    differ: adding or dropping items gives another look."""
    untried: int
    """Number of items that no attempt asked."""
    most: int
    """Number of attempts on the item that was asked most often."""

    @property
    def number(self) -> int:
        return len(self.attempts)

    def asked_before(self, adapter: str, benchmark: Tried) -> frozenset[str]:
        """Items that an adapter was asked when the benchmark had only a part of its present items."""
        known = [items for one, items in self.attempts if one == adapter and isinstance(items, frozenset)]
        return frozenset().union(*(items for items in known if items < benchmark.items))

    def place(self, adapter: str, benchmark: Tried) -> int | None:
        """Number (from 1) of an adapter's attempt on exactly these items; None where it made none."""
        wanted = (adapter, benchmark.items)
        return self.attempts.index(wanted) + 1 if wanted in self.attempts else None


def count(path: Path | None, benchmark: Tried) -> Count | None:
    """The attempts on a benchmark's items; None where unknown.

    A line of the ledger's first form whose benchmark's items are not recorded counts for every item, since nobody can
    tell which ones it asked.

    Raises:
        DataError: a line of the ledger is none, or was edited.
    """
    if path is None or not path.is_file():
        return None
    return _count(ledger_file.read(path), benchmark)


def record(path: Path | None, benchmark: Tried, adapter: str, release: str, run_id: str) -> Count | None:
    """As `count`, after the adapter's attempt was added to the ledger, on disk, where it was not there yet.

    Raises:
        DataError: a line of the ledger is none, or was edited.
        OSError: it cannot be written; an attempt that leaves no trace must not be made.
    """
    if path is None or not path.is_file():
        return None
    with FileLock(path.with_name(f"{path.name}.lock")):
        entries = ledger_file.read(path)
        of_first_form = {one.benchmark for one in entries.attempts}
        # So that lines of the first form still say what they were about once an id or an item is another.
        for name in (benchmark.digest, *({benchmark.whole} & of_first_form)):
            if name not in entries.items:
                ledger_file.add(path, {"benchmark": name, "items": sorted(benchmark.items)})
        if _count(entries, benchmark).place(adapter, benchmark) is None:
            ledger_file.add(
                path,
                {
                    "benchmark": benchmark.digest,
                    "adapter": adapter,
                    "release": release,
                    "run_id": run_id,
                    "at": time.time(),
                },
            )
        return _count(ledger_file.read(path), benchmark)


def _count(entries: Entries, benchmark: Tried) -> Count:
    known = {**entries.items, benchmark.whole: benchmark.items, benchmark.digest: benchmark.items}
    seen: dict[tuple[str, frozenset[str] | str], None] = {}
    times: Counter[str] = Counter()
    for one in entries.attempts:
        items = known.get(one.benchmark)
        shared = benchmark.items if items is None else items & benchmark.items
        key = (one.adapter, one.benchmark if items is None else items)
        if shared and key not in seen:
            seen[key] = None
            times.update(shared)
    return Count(tuple(seen), len(benchmark.items) - len(times), max(times.values(), default=0))


def next_confidence(spec: Spec) -> float:
    """The confidence for an adapter that is judged for the first time now.

    Raises:
        SpecError: errors are to be spent, and the ledger is not there.
        DataError: a benchmark or the ledger cannot be read.
    """
    if spec.attempts != SPEND:
        return spec.confidence
    known = count(spec.ledger, tried_items.of_adapter(spec, spec.candidate))
    if known is None:
        raise SpecError(
            spec.path,
            "policy.ledger",
            f"{spec.ledger} is not there, so what was spent is unknown; a new benchmark's begins as an empty file",
        )
    return 1.0 - spent(error_rate(spec.confidence), known.number + 1)
