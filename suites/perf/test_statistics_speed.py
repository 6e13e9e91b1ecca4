"""What the statistics of a large release cost: bounds and decisions of 100 gates, each over 10,000 items.

Times are printed and never asserted. A release of that size should spend seconds on them, not minutes.
"""

from __future__ import annotations

import subprocess
import sys
import time

import numpy as np
import pytest

from harness.project import ROOT
from harness.statistics.bounds import decide, difference_bounds, mean_bounds, share_bounds

GATES = 100
ITEMS = 10_000
ROUNDS = 3


def judge_all(scores: list[list[float]]) -> int:
    """Judge all gates, a third of each kind; returns how many pass."""
    passed = 0
    for number, values in enumerate(scores):
        if number % 3 == 0:
            bounds = share_bounds(sum(value == 1.0 for value in values), len(values), 0.95)
        elif number % 3 == 1:
            bounds = mean_bounds(values, 0.95)
        else:
            bounds = difference_bounds([value - 0.5 for value in values], 0.95)
        passed += decide(bounds, 0.4) == "passed"
    return passed


def test_a_hundred_gates_over_ten_thousand_items(capsys: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(3)
    shares = [0.02, 0.02, 0.03, 0.03, 0.90]  # of an item with four points: none to all of them said
    scores = rng.choice([0.0, 0.25, 0.5, 0.75, 1.0], p=shares, size=(GATES, ITEMS)).tolist()
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        passed = judge_all(scores)
        times.append(time.perf_counter() - started)
    with capsys.disabled():
        rounds = ", ".join(f"{one:.2f}" for one in times)
        print(f"\n{GATES} gates x {ITEMS} items: {rounds} s (the first loads scipy)")
    assert passed > 0


def test_statistics_begin_without_torch(capsys: pytest.CaptureFixture[str]) -> None:
    code = (
        "import time; t = time.perf_counter(); import sys, harness.gates.judging, harness.releases.regression; "
        "print(f'{time.perf_counter() - t:.2f}'); sys.exit('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    with capsys.disabled():
        print(f"\nimport of judging and comparing: {done.stdout.strip()} s")
    assert done.returncode == 0, done.stderr
