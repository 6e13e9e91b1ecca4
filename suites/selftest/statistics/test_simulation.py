"""False passes, counted: over thousands of simulated benchmarks no kind of gate, and no release, passes a model that
deserves to fail more often than its stated 5 %.

Each rate is a count of simulations, so it has a bound of its own: what fails is a rate whose one-sided 99.9 % lower
bound is above the stated one. Seeds are fixed, so that a failure is a fault and never bad luck.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
import pytest

from harness import gates
from harness.gates import chances as operating
from harness.gates import evaluation
from harness.gates.gate import Gate
from harness.metrics import registry
from harness.project import ROOT
from harness.spec import load, objects
from harness.statistics import paired_power, power
from harness.statistics.bounds import decide, difference_bounds, mean_bounds, share_bounds
from harness.statistics.power import Kind, pass_chance

STATED = 0.05
CONFIDENCE = 1.0 - STATED
SURE = 0.999
DRAWS = 20_000
"""Simulated benchmarks of right and wrong items, whose decisions are looked up by count."""
FEWER = 2_000
"""Simulated benchmarks of fractional scores, each of which needs bounds of its own."""
N = 60

Vector = npt.NDArray[np.float64]


def assert_rarely(passes: int, draws: int) -> None:
    proved = share_bounds(passes, draws, SURE).lower
    assert proved <= STATED, f"{passes} of {draws} passed: surely more than {STATED:.0%}"


@cache
def passing_counts(n: int, threshold: float, kind: Kind) -> npt.NDArray[np.bool_]:
    """(n+1,): whether that many right items of n pass, by the gate's own bounds."""
    if kind == "share":
        bounds = [share_bounds(right, n, CONFIDENCE) for right in range(n + 1)]
    else:
        bounds = [mean_bounds([1.0] * right + [0.0] * (n - right), CONFIDENCE) for right in range(n + 1)]
    return np.array([decide(one, threshold) == "passed" for one in bounds])


class TestOneGate:
    @pytest.mark.parametrize("kind", ["share", "mean"])
    @pytest.mark.parametrize("n", [40, 124, 217])
    @pytest.mark.parametrize("threshold", [0.85, 0.90, 0.95])
    @pytest.mark.parametrize("short", [0.0, 0.01, 0.03], ids=["at", "just below", "below"])
    def test_whole_items_at_or_below_the_threshold_rarely_pass(
        self, kind: Kind, n: int, threshold: float, short: float
    ) -> None:
        right = np.random.default_rng(n).binomial(n, threshold - short, size=DRAWS)
        assert_rarely(int(passing_counts(n, threshold, kind)[right].sum()), DRAWS)

    @pytest.mark.parametrize(
        "scores",
        [
            {0.0: 0.1, 1.0: 0.9},
            {0.5: 0.2, 1.0: 0.8},
            {0.0: 0.04, 1 / 3: 0.03, 2 / 3: 0.12, 1.0: 0.81},
            {0.9: 1.0},
        ],
        ids=["whole items", "halves", "thirds", "all the same"],
    )
    def test_fractions_with_their_mean_at_the_threshold_rarely_pass(self, scores: dict[float, float]) -> None:
        values, chances = np.array(list(scores)), np.array(list(scores.values()))
        assert float(values @ chances) == pytest.approx(0.9)
        drawn = np.random.default_rng(5).choice(values, p=chances, size=(FEWER, N))
        passes = sum(decide(mean_bounds(row.tolist(), CONFIDENCE), 0.9) == "passed" for row in drawn)
        assert_rarely(passes, FEWER)

    @pytest.mark.parametrize(
        "differences",
        [
            {-1.0: 0.10, 0.0: 0.90},
            {-1.0: 0.15, 0.0: 0.80, 1.0: 0.05},
            {-1.0: 0.55, 1.0: 0.45},
            {-0.5: 0.2, 0.0: 0.8},
        ],
        ids=["losses alone", "losses and gains", "all differ", "halves"],
    )
    def test_a_loss_of_the_margin_rarely_passes(self, differences: dict[float, float]) -> None:
        values, chances = np.array(list(differences)), np.array(list(differences.values()))
        assert float(values @ chances) == pytest.approx(-0.1)
        drawn = np.random.default_rng(6).choice(values, p=chances, size=(FEWER, 108))
        passes = sum(decide(difference_bounds(row.tolist(), CONFIDENCE), -0.1) == "passed" for row in drawn)
        assert_rarely(passes, FEWER)


class TestThePlan:
    """The chances that `--plan` prints are those that a simulation counts."""

    @pytest.mark.parametrize("kind", ["share", "mean"])
    @pytest.mark.parametrize("quality", [0.90, 0.95, 0.98])
    def test_a_threshold_passes_as_often_as_the_plan_says(self, kind: Kind, quality: float) -> None:
        right = np.random.default_rng(7).binomial(124, quality, size=DRAWS)
        passes = int(passing_counts(124, 0.9, kind)[right].sum())
        self.assert_agrees(passes, pass_chance(124, 0.9, quality, CONFIDENCE, kind))

    @pytest.mark.parametrize(("worse", "better"), [(0.02, 0.02), (0.05, 0.01), (0.1, 0.0)])
    def test_a_margin_holds_as_often_as_the_plan_says(self, worse: float, better: float) -> None:
        n, margin = 108, 0.1
        drawn = np.random.default_rng(8).multinomial(n, [worse, better, 1 - worse - better], size=DRAWS)
        allowed = [paired_power.worse_allowed(n, gained, margin, CONFIDENCE) for gained in range(n + 1)]
        passes = int((drawn[:, 0] <= np.array(allowed)[drawn[:, 1]]).sum())
        self.assert_agrees(passes, paired_power.pass_chance(n, margin, worse, better, CONFIDENCE))

    def assert_agrees(self, passes: int, said: float) -> None:
        bounds = share_bounds(passes, DRAWS, SURE)
        assert bounds.lower <= said <= bounds.upper


@dataclass(frozen=True)
class Simulated:
    """The default release's blocking thresholds over simulated answers, whole items, errors of each task its own."""

    chosen: tuple[Gate, ...]
    sizes: dict[str, int]
    tasks: dict[str, tuple[str, ...]]
    """Gate id -> the tasks whose items it pools."""

    def cells(self) -> dict[tuple[str, str], int]:
        """(task, metric) -> items; a gate over one task has them, and one over all pools them."""
        return {
            (self.tasks[gate.id][0], gate.metric): self.sizes[gate.id]
            for gate in self.chosen
            if len(self.tasks[gate.id]) == 1
        }

    def released(self, quality: dict[tuple[str, str], float], seed: int) -> int:
        """How many of `DRAWS` releases pass every gate."""
        rng = np.random.default_rng(seed)
        right = {cell: rng.binomial(n, quality[cell], size=DRAWS) for cell, n in self.cells().items()}
        passes = np.ones(DRAWS, dtype=bool)
        for gate in self.chosen:
            pooled = sum(right[task, gate.metric] for task in self.tasks[gate.id])
            kind = registry.METRICS[gate.metric].kind
            passes &= passing_counts(self.sizes[gate.id], gate.threshold, kind)[pooled]
        return int(passes.sum())


@pytest.fixture(scope="module")
def simulated() -> Simulated:
    loaded = load.load(ROOT / "data" / "v3" / "release.toml")
    chosen = tuple(gate for gate in gates.expected(loaded) if gate.blocking and gate.rule == "lower_bound")
    own = loaded.adapters[loaded.candidate].tasks
    tasks = {gate.id: own if gate.task == objects.ALL else (gate.task,) for gate in chosen}
    return Simulated(chosen, evaluation.sizes(loaded, chosen), tasks)


class TestTheWholeRelease:
    @pytest.mark.parametrize("task", ["style", "writing"])
    @pytest.mark.parametrize("metric", ["coverage", "format", "refused", "answered"])
    def test_a_model_at_one_threshold_and_perfect_elsewhere_is_rarely_released(
        self, simulated: Simulated, task: str, metric: str
    ) -> None:
        """The least favourable case: every other gate passes for certain."""
        threshold = next(
            g.threshold for g in simulated.chosen if simulated.tasks[g.id] == (task,) and g.metric == metric
        )
        quality = dict.fromkeys(simulated.cells(), 1.0) | {(task, metric): threshold}
        assert_rarely(simulated.released(quality, seed=9), DRAWS)

    def test_a_model_at_every_threshold_is_almost_never_released(self, simulated: Simulated) -> None:
        thresholds = {(simulated.tasks[g.id][0], g.metric): g.threshold for g in simulated.chosen}
        quality = {cell: thresholds[cell] for cell in simulated.cells()}
        assert simulated.released(quality, seed=10) <= DRAWS * 0.001

    def test_a_perfect_model_is_always_released(self, simulated: Simulated) -> None:
        assert simulated.released(dict.fromkeys(simulated.cells(), 1.0), seed=11) == DRAWS

    def test_the_plans_range_for_a_good_model_holds_what_is_counted(self, simulated: Simulated) -> None:
        found = operating.of_gates(simulated.chosen, simulated.sizes, CONFIDENCE)
        told = operating.of_release(found)
        assert told is not None
        expected = {(simulated.tasks[g.id][0], g.metric): g.expected for g in simulated.chosen if g.task != objects.ALL}
        quality = {cell: value for cell, value in expected.items() if value is not None}
        released = simulated.released(quality, seed=12)
        bounds = share_bounds(released, DRAWS, SURE)
        assert bounds.upper >= told.good_least
        assert bounds.lower <= told.good_most
        assert told.bad_most <= STATED


POWER = [
    line for line in (ROOT / "harness" / "power.md").read_text(encoding="utf-8").splitlines() if line.startswith("| 0.")
]


@pytest.mark.parametrize("row", POWER)
def test_the_documented_power_table_is_what_the_gates_compute(row: str) -> None:
    threshold, kind, *shown = (cell.strip() for cell in row.strip("|").split("|"))
    computed = [
        power.quality_needed(0.9, n, float(threshold), CONFIDENCE, "share" if kind == "share" else "mean")
        for n in (30, 60, 90, 120, 180, 240, 500)
    ]
    assert shown == ["-" if one is None else f"{one:.3f}" for one in computed]


def test_the_documented_figures_of_a_comparison_are_what_its_gates_compute() -> None:
    words = " ".join((ROOT / "harness" / "power.md").read_text(encoding="utf-8").split())
    assert f"margin of 0.10: {paired_power.equal_items_needed(0.1, CONFIDENCE)} equal answers" in words
    assert paired_power.worse_allowed(108, 0, 0.1, CONFIDENCE) == 3
    assert "over 108 items four worse ones (none better) are too many" in words


def test_the_documented_power_table_has_every_threshold_of_the_default_spec() -> None:
    loaded = load.load(ROOT / "data" / "v3" / "release.toml")
    wanted = {f"{one.threshold:.2f}" for one in gates.expected(loaded) if one.blocking and one.rule == "lower_bound"}
    assert wanted <= {row.split("|")[1].strip() for row in POWER}


def test_judging_and_comparing_import_no_torch() -> None:
    releases = ("regression", "ledger", "weakened")
    names = ("report.publish", "gates.judging", "gates.chances", *(f"releases.{name}" for name in releases))
    code = f"import sys, {', '.join(f'harness.{name}' for name in names)}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
