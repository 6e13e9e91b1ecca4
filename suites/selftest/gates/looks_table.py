"""How often a model that deserves to fail passes: clustered items, repeated looks, and asking until a gate is settled.

``python -m suites.selftest.gates.looks_table`` writes ``docs/looks.md``. Seeds are fixed, so that the page is the same
wherever it is made.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from textwrap import fill

import numpy as np

from harness.project import ROOT
from harness.statistics.bounds import Decision, decide, mean_bounds, share_bounds
from harness.statistics.power import Kind, settle_items
from harness.statistics.sequential import course, evenly

PAGE = ROOT / "docs" / "looks.md"
CONFIDENCE = 0.95
THRESHOLD = 0.9
RUNS = 4_000
FIRST = 60
"""Number of items at the first look."""
MOST = 3_000
"""Number of items up to which a benchmark is extended."""
CLUSTERS, MEMBERS = 31, 4
STAGE = 64
LOOKS = (1, 2, 3, 5)


@cache
def decision(right: int, n: int, kind: Kind) -> Decision:
    """What a gate concludes of so many right items, by the bounds of a share or by those that hold at any look."""
    if kind == "share":
        return decide(share_bounds(right, n, CONFIDENCE), THRESHOLD)
    return decide(mean_bounds([1.0] * right + [0.0] * (n - right), CONFIDENCE), THRESHOLD)


@cache
def advised(right: int, n: int, kind: Kind) -> int | None:
    """Number of items in all that the gate's own message names."""
    return settle_items(right if kind == "share" else right / n, n, THRESHOLD, CONFIDENCE, kind)


def passes_after(looks: int, kind: Kind, seed: int = 17) -> float:
    """Share of runs of a model at the threshold that pass at one of so many looks, each extended as advised."""
    rng = np.random.default_rng(seed)
    passed = 0
    for _ in range(RUNS):
        n = FIRST
        right = int(rng.binomial(n, THRESHOLD))
        for look in range(looks):
            found = decision(right, n, kind)
            if found != "inconclusive" or look == looks - 1:
                break
            wanted = advised(right, n, kind)
            if wanted is None or wanted > MOST:
                break
            more = max(wanted - n, 1)
            right, n = right + int(rng.binomial(more, THRESHOLD)), n + more
        passed += decision(right, n, kind) == "passed"
    return passed / RUNS


def passes_clustered(by_cluster: bool, seed: int = 31) -> float:
    """Share of runs that pass where the items of a cluster stand or fall together, at the threshold."""
    rng = np.random.default_rng(seed)
    good = rng.binomial(CLUSTERS, THRESHOLD, size=RUNS)
    times = 1 if by_cluster else MEMBERS
    return float(np.mean([decision(int(one) * times, CLUSTERS * times, "share") == "passed" for one in good]))


@dataclass(frozen=True, slots=True)
class Early:
    """Asking in stages compared with asking all items at once, for one threshold."""

    threshold: float
    n: int
    quality: float
    asked: float
    """Share of the items that a good model is asked on average."""
    good: float
    good_once: float
    bad: float


def early(threshold: float, n: int, quality: float) -> Early:
    staged = course(evenly(n, STAGE), threshold, quality, CONFIDENCE)
    once = course((n,), threshold, quality, CONFIDENCE)
    bad = course(evenly(n, STAGE), threshold, threshold, CONFIDENCE)
    return Early(threshold, n, quality, staged.asked / n, staged.passes, once.passes, bad.passes)


EARLY = tuple(
    (threshold, n, quality)
    for threshold, quality in ((0.85, 0.97), (0.88, 0.98), (0.90, 0.98), (0.95, 0.99))
    for n in (192, 384)
)


def page() -> str:
    kinds: tuple[tuple[str, Kind], ...] = (("shares, by Clopper-Pearson", "share"), ("by betting bounds", "mean"))
    looked = [f"| {name} | {' | '.join(f'{passes_after(k, kind):.1%}' for k in LOOKS)} |" for name, kind in kinds]
    heads = " | ".join(f"{k} look" + "s" * (k > 1) for k in LOOKS)
    parts = [
        "# Looking twice, and stopping early",
        f"A gate passes a model exactly at its threshold with a chance of at most {1 - CONFIDENCE:.0%}. These tables "
        "show where that held and where it did not. Written by `python -m suites.selftest.gates.looks_table`; "
        "`suites/selftest/gates/test_looks_table.py` holds them.",
        "## A second look",
        f"{RUNS:,} simulated benchmarks of a model at the threshold {THRESHOLD}: {FIRST} items at first, extended to "
        "the number that the gate's message names while it is inconclusive. Share that passed by the last look:",
        "\n".join([f"| bounds | {heads} |", "|---|" + "---|" * len(LOOKS), *looked]),
        "Clopper-Pearson bounds hold at one look. So a share that is inconclusive says that its look is spent, and the "
        "ledger counts the same adapter on other items as another attempt. Betting bounds hold at any number of looks "
        "at items of which the earlier ones stay (Ville's inequality): means have them, and with `[policy] looks = "
        '"anytime"` shares as well, where the items that a ledger knows to have been asked before come first.',
        "## Items that are not independent",
        f"{CLUSTERS} clusters of {MEMBERS} items that stand or fall together, {RUNS:,} simulated benchmarks at the "
        f"threshold: counted as {CLUSTERS * MEMBERS} items {passes_clustered(False):.1%} pass, averaged by cluster "
        f"first {passes_clustered(True):.1%}. So the field that `[gates.data] topic` names is the cluster of the "
        "statistics.",
        "## Asking until a gate is settled",
        f'`looks = "anytime"` with a look after every {STAGE} items, for a gate by itself (exact, items wholly right '
        "or wholly missed). The last column is the chance of a model at the threshold to pass.",
        "\n".join(
            [
                "| threshold | items | true quality | asked on average | passes | passes, all asked | bad one passes |",
                "|---|---|---|---|---|---|---|",
                *(_row(early(*one)) for one in EARLY),
            ]
        ),
        "Shares pay for it with power: betting bounds need more items than Clopper-Pearson, see `harness/power.md`. "
        "All gates of an adapter must be settled at once, so a run asks as much as its slowest gate needs.",
    ]
    return "\n\n".join(part if part[0] in "#|" else fill(part, 110, break_on_hyphens=False) for part in parts) + "\n"


def _row(one: Early) -> str:
    cells = (one.threshold, one.n, one.quality, f"{one.asked:.0%}", f"{one.good:.3f}", f"{one.good_once:.3f}")
    return f"| {' | '.join(map(str, cells))} | {one.bad:.3f} |"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
