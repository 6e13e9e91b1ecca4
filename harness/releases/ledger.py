"""How many adapters a benchmark has judged: each attempt is another chance to pass by luck.

The ledger is a JSONL file that the spec names and all runners share: append-only, one fsynced line an adapter,
written under a lock before the benchmark is put to it. The same adapter again costs nothing. A ledger that is not
named, or not there, says "unknown": whoever begins a benchmark begins its ledger, as an empty file.

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

import json
import math
import time
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock

from harness.dataset import files
from harness.errors import DataError, SpecError
from harness.releases import judged_items
from harness.spec.objects import Spec
from harness.statistics.bounds import error_rate
from harness.store.append import append

SPEND = "spend"
UNKNOWN = "unknown"


def ceiling(alpha: float, attempts: int) -> float:
    """The most that an error of `alpha` an attempt can have become: Boole's inequality."""
    return min(1.0, alpha * attempts)


def if_independent(alpha: float, attempts: int) -> float:
    """What it has become if the attempts were independent."""
    return 1.0 - (1.0 - alpha) ** attempts


def spent(alpha: float, attempt: int) -> float:
    """The part of `alpha` that attempt number `attempt` (from 1) is judged at."""
    if attempt < 1:
        raise ValueError(f"attempts are counted from 1, got {attempt}")
    return alpha * 6.0 / (math.pi * attempt) ** 2


def adapters(path: Path | None, benchmark: str) -> tuple[str, ...] | None:
    """Digests of the adapters that a benchmark has judged, in the order of their first attempt; None if unknown.

    Raises:
        DataError: a line of the ledger is none.
    """
    if path is None or not path.is_file():
        return None
    return tuple(dict.fromkeys(adapter for known, adapter in _lines(path) if known == benchmark))


def record(path: Path | None, benchmark: str, adapter: str, release: str, run_id: str) -> tuple[str, ...] | None:
    """The same, with `adapter` among them: a line is added, and on the disk, where it was not.

    Raises:
        DataError: a line of the ledger is none.
        OSError: it cannot be written; an attempt that leaves no trace must not be made.
    """
    if path is None or not path.is_file():
        return None
    with FileLock(path.with_name(f"{path.name}.lock")):
        known = adapters(path, benchmark) or ()
        if adapter in known:
            return known
        entry = {"benchmark": benchmark, "adapter": adapter, "release": release, "run_id": run_id, "at": time.time()}
        append(path, json.dumps(entry, ensure_ascii=False).encode() + b"\n")
        return (*known, adapter)


def _lines(path: Path) -> Iterator[tuple[str, str]]:
    """Benchmark and adapter of each line."""
    data = path.read_bytes()
    if data and not data.endswith(b"\n"):
        raise DataError(
            path, data.count(b"\n") + 1, "cut short by a crash: end the line, or remove it if no run made it"
        )
    for number, line in enumerate(data.split(b"\n")[:-1], 1):
        try:
            entry = json.loads(line)
            found = (entry["benchmark"], entry["adapter"])
        except (ValueError, KeyError, TypeError) as error:
            raise DataError(path, number, f"no line of a ledger ({type(error).__name__}: {error})") from error
        if not all(isinstance(text, str) for text in found):
            raise DataError(path, number, "benchmark and adapter must be digests")
        yield found


def benchmark_of(spec: Spec) -> str:
    """Digest of the benchmark that the candidate is judged on.

    Raises:
        DataError: one of its files cannot be read.
    """
    tasks = (spec.tasks[name] for name in spec.adapters[spec.candidate].tasks)
    chosen = files.options_of(spec)
    return judged_items.benchmark_digest(item for task in tasks for item in files.items_of(task, "benchmark", chosen))


def next_confidence(spec: Spec) -> float:
    """The confidence that an adapter which was never judged would be judged at now.

    Raises:
        SpecError: errors are to be spent, and the ledger is not there.
        DataError: a benchmark or the ledger cannot be read.
    """
    if spec.attempts != SPEND:
        return spec.confidence
    known = adapters(spec.ledger, benchmark_of(spec))
    if known is None:
        raise SpecError(
            spec.path,
            "policy.ledger",
            f"{spec.ledger} is not there, so what was spent is unknown; a new benchmark's begins as an empty file",
        )
    return 1.0 - spent(error_rate(spec.confidence), len(known) + 1)
