"""What `bounds` proves from a sample, and what `power` says about the samples it needs."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from itertools import product

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats  # type: ignore[import-untyped]

from harness.errors import EmptySetError
from harness.statistics.bounds import Bounds, cluster_means, decide, mean_bounds, share_bounds
from harness.statistics.power import (
    MOST_ITEMS,
    Kind,
    items_needed,
    pass_chance,
    settle_items,
    wrong_allowed,
)

CONFIDENCE = 0.95
NEEDED: dict[Kind, dict[float, tuple[int, int, int]]] = {
    "share": {0.95: (59, 93, 124), 0.92: (36, 58, 77), 0.90: (29, 46, 61), 0.88: (24, 38, 51), 0.85: (19, 30, 40)},
    "mean": {0.90: (43, 66, 85), 0.88: (35, 54, 71), 0.85: (28, 43, 56)},
}
"""Kind -> threshold -> items needed with none, one and two wrong, at 95 %; the design promises these."""

TABLE = [
    pytest.param(kind, threshold, wrong, n, id=f"{kind}-{threshold}-{wrong}-wrong")
    for kind, rows in NEEDED.items()
    for threshold, sizes in rows.items()
    for wrong, n in enumerate(sizes)
]

ratios = st.floats(0.0, 1.0)
samples = st.lists(ratios, min_size=1, max_size=40)
confidences = st.floats(0.5, 0.999)
shares = st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
kinds = st.sampled_from(["share", "mean"])


def bounds_of_whole_items(right: int, wrong: int, confidence: float, kind: Kind) -> Bounds:
    if kind == "share":
        return share_bounds(right, right + wrong, confidence)
    return mean_bounds([1.0] * right + [0.0] * wrong, confidence)


def capital_by_quadrature(values: list[float], candidate: float) -> float:
    """The betting capital by Gauss-Legendre, exact for the polynomial that the integrand is."""
    nodes, weights = np.polynomial.legendre.leggauss(math.ceil((len(values) + 1) / 2))
    bets = (nodes + 1) / 2 / candidate
    stakes = 1.0 + bets[:, None] * (np.asarray(values)[None, :] - candidate)  # (node, value)
    return float(weights @ np.prod(stakes, axis=1)) / 2


class TestShareBounds:
    @given(shares, confidences)
    def test_tails_at_the_bounds_weigh_what_the_confidence_leaves(self, share: tuple[int, int], conf: float) -> None:
        successes, n = share
        bounds = share_bounds(successes, n, conf)
        if successes:
            assert stats.binom.sf(successes - 1, n, bounds.lower) == pytest.approx(1 - conf, rel=1e-6)
        if successes < n:
            assert stats.binom.cdf(successes, n, bounds.upper) == pytest.approx(1 - conf, rel=1e-6)

    @given(shares, confidences)
    def test_bounds_contain_the_share(self, share: tuple[int, int], conf: float) -> None:
        successes, n = share
        bounds = share_bounds(successes, n, conf)
        assert bounds.lower <= successes / n <= bounds.upper

    @given(shares)
    def test_one_more_success_raises_the_lower_bound(self, share: tuple[int, int]) -> None:
        successes, n = share
        assume(successes < n)
        assert share_bounds(successes, n, CONFIDENCE).lower < share_bounds(successes + 1, n, CONFIDENCE).lower

    def test_no_success_has_lower_bound_zero(self) -> None:
        assert share_bounds(0, 5, CONFIDENCE).lower == 0.0

    def test_no_failure_has_upper_bound_one(self) -> None:
        assert share_bounds(5, 5, CONFIDENCE).upper == 1.0

    def test_no_items_are_refused(self) -> None:
        with pytest.raises(EmptySetError):
            share_bounds(0, 0, CONFIDENCE)

    @pytest.mark.parametrize("successes", [-1, 6])
    def test_impossible_counts_are_refused(self, successes: int) -> None:
        with pytest.raises(ValueError, match=f"between 0 and n = 5, got {successes}"):
            share_bounds(successes, 5, CONFIDENCE)

    @pytest.mark.parametrize("confidence", [0.05, 1.0, 95.0, math.nan])
    def test_a_confidence_that_is_none_is_refused(self, confidence: float) -> None:
        with pytest.raises(ValueError, match="confidence must be"):
            share_bounds(3, 5, confidence)


class TestMeanBounds:
    @given(samples, confidences)
    def test_capital_at_the_lower_bound_is_what_refutes(self, values: list[float], conf: float) -> None:
        lower = mean_bounds(values, conf).lower
        assume(lower > 1e-6)
        assert capital_by_quadrature(values, lower) == pytest.approx(1 / (1 - conf), rel=1e-6)

    @given(samples, confidences)
    def test_capital_just_above_the_lower_bound_refutes_nothing(self, values: list[float], conf: float) -> None:
        lower = mean_bounds(values, conf).lower
        assert capital_by_quadrature(values, lower * 1.001 + 1e-6) < 1 / (1 - conf)

    @given(samples, ratios, ratios)
    def test_capital_falls_as_the_candidate_rises(self, values: list[float], one: float, other: float) -> None:
        below, above = sorted((one, other))
        assume(below > 0.01)
        assert capital_by_quadrature(values, below) >= capital_by_quadrature(values, above) * (1 - 1e-9)

    def test_capital_of_two_fractions_agrees_with_exact_arithmetic(self) -> None:
        """For values a, b: K(m) = (1 + (a + b) / (2m) + ab / m^2) / 3, which is 20 at a root of a quadratic."""
        a, b = Fraction(1, 2), Fraction(3, 4)
        root = (float(a + b) / 2 + math.sqrt(float((a + b) ** 2 / 4 + 4 * 59 * a * b))) / (2 * 59)
        assert mean_bounds([0.5, 0.75], CONFIDENCE).lower == pytest.approx(root, rel=1e-12)

    @given(samples.flatmap(lambda values: st.tuples(st.just(values), st.permutations(values))))
    def test_order_does_not_matter(self, orders: tuple[list[float], list[float]]) -> None:
        one, other = orders
        assert mean_bounds(one, CONFIDENCE) == mean_bounds(other, CONFIDENCE)

    @given(samples, confidences)
    def test_bounds_contain_the_mean(self, values: list[float], conf: float) -> None:
        bounds = mean_bounds(values, conf)
        mean = math.fsum(values) / len(values)
        assert bounds.lower - 1e-12 <= mean <= bounds.upper + 1e-12

    @given(samples)
    def test_reflected_values_have_reflected_bounds(self, values: list[float]) -> None:
        bounds, reflected = (mean_bounds(v, CONFIDENCE) for v in (values, [1 - value for value in values]))
        assert reflected.lower == pytest.approx(1 - bounds.upper, abs=1e-9)

    @given(samples, st.data())
    def test_a_better_value_never_lowers_the_lower_bound(self, values: list[float], data: st.DataObject) -> None:
        better = [data.draw(st.floats(values[0], 1.0)), *values[1:]]
        assert mean_bounds(values, CONFIDENCE).lower <= mean_bounds(better, CONFIDENCE).lower + 1e-12

    def test_all_zeros_have_lower_bound_zero(self) -> None:
        assert mean_bounds([0.0] * 10, CONFIDENCE).lower == 0.0

    def test_all_ones_have_upper_bound_one(self) -> None:
        assert mean_bounds([1.0] * 10, CONFIDENCE).upper == 1.0

    @pytest.mark.parametrize("value", [5e-324, 1e-300, 0.5, 1.0])
    def test_a_single_value_is_enough_for_bounds(self, value: float) -> None:
        assert mean_bounds([value], CONFIDENCE).lower <= value

    def test_terms_below_the_smallest_double_still_count(self) -> None:
        """The product of 1,000 values of 0.1 is 1e-1000. The bound scales with the values, so ones tell it."""
        tenths, ones = mean_bounds([0.1] * 1000, CONFIDENCE), mean_bounds([1.0] * 1000, CONFIDENCE)
        assert tenths.lower == pytest.approx(0.1 * ones.lower, rel=1e-9)

    def test_no_values_are_refused(self) -> None:
        with pytest.raises(EmptySetError):
            mean_bounds([], CONFIDENCE)

    @pytest.mark.parametrize("value", [-0.1, 1.5, math.nan])
    def test_a_value_outside_its_range_is_named(self, value: float) -> None:
        with pytest.raises(ValueError, match=f"got {value} at position 1"):
            mean_bounds([0.5, value], CONFIDENCE)


class TestDecide:
    @pytest.mark.parametrize(
        ("bounds", "decision"),
        [
            (Bounds(0.91, 0.99), "passed"),
            (Bounds(0.90, 0.99), "inconclusive"),
            (Bounds(0.80, 0.90), "inconclusive"),
            (Bounds(0.80, 0.89), "failed"),
        ],
    )
    def test_only_a_bound_strictly_beyond_the_threshold_decides(self, bounds: Bounds, decision: str) -> None:
        assert decide(bounds, 0.90) == decision

    @pytest.mark.parametrize(("lower", "upper"), [(0.6, 0.5), (-1.1, 0.5), (0.5, 1.1), (math.nan, 1.0)])
    def test_bounds_that_are_none_cannot_be_built(self, lower: float, upper: float) -> None:
        with pytest.raises(ValueError, match="-1 <= lower <= upper <= 1"):
            Bounds(lower, upper)


class TestFalsePasses:
    """A model exactly at the threshold may pass by luck: in at most 5 % of releases, plus what 2,000 draws blur."""

    DRAWS = 2000
    LIMIT = 0.05 + 3 * math.sqrt(0.05 * 0.95 / DRAWS)
    THRESHOLD = 0.85

    @pytest.mark.parametrize("n", [19, 30, 40, 200])
    def test_shares_at_the_threshold_rarely_pass(self, n: int) -> None:
        counts = np.random.default_rng(1).binomial(n, self.THRESHOLD, self.DRAWS)
        passed = [decide(share_bounds(int(count), n, CONFIDENCE), self.THRESHOLD) == "passed" for count in counts]
        assert np.mean(passed) <= self.LIMIT

    @pytest.mark.parametrize(
        "draw",
        [
            pytest.param(lambda rng, n: rng.binomial(1, 0.85, n).astype(float), id="bernoulli"),
            pytest.param(lambda rng, n: rng.beta(1.7, 0.3, n), id="beta"),
            pytest.param(lambda rng, n: rng.choice([0.4, 1.0], n, p=[0.25, 0.75]), id="two-point"),
        ],
    )
    def test_means_at_the_threshold_rarely_pass(
        self, draw: Callable[[np.random.Generator, int], npt.NDArray[np.float64]]
    ) -> None:
        rng = np.random.default_rng(2)
        passed = [
            decide(mean_bounds(draw(rng, 30).tolist(), CONFIDENCE), self.THRESHOLD) == "passed"
            for _ in range(self.DRAWS)
        ]
        assert np.mean(passed) <= self.LIMIT


class TestClusterMeans:
    def test_clusters_keep_the_order_of_their_first_item(self) -> None:
        assert cluster_means([("b", 1.0), ("a", 0.2), ("b", 0.0), ("a", 0.4)]) == pytest.approx([0.5, 0.3])

    @given(samples)
    def test_items_that_are_their_own_cluster_stay_as_they_are(self, values: list[float]) -> None:
        assert cluster_means([(str(number), value) for number, value in enumerate(values)]) == values

    def test_no_values_are_refused(self) -> None:
        with pytest.raises(EmptySetError):
            cluster_means([])


class TestItemsNeeded:
    @pytest.mark.parametrize(("kind", "threshold", "wrong", "n"), TABLE)
    def test_the_promised_table_holds(self, kind: Kind, threshold: float, wrong: int, n: int) -> None:
        assert items_needed(threshold, wrong, CONFIDENCE, kind) == n

    @pytest.mark.parametrize(("kind", "threshold", "wrong", "n"), TABLE)
    def test_that_many_items_pass(self, kind: Kind, threshold: float, wrong: int, n: int) -> None:
        assert decide(bounds_of_whole_items(n - wrong, wrong, CONFIDENCE, kind), threshold) == "passed"

    @pytest.mark.parametrize(("kind", "threshold", "wrong", "n"), TABLE)
    def test_one_item_less_does_not_pass(self, kind: Kind, threshold: float, wrong: int, n: int) -> None:
        assert decide(bounds_of_whole_items(n - 1 - wrong, wrong, CONFIDENCE, kind), threshold) != "passed"

    def test_a_threshold_of_zero_needs_one_right_item(self) -> None:
        assert items_needed(0.0, 0, CONFIDENCE, "share") == 1

    @pytest.mark.parametrize("threshold", [0.99999, 1.0, 90.0])
    def test_a_threshold_beyond_proof_is_refused(self, threshold: float) -> None:
        with pytest.raises(ValueError, match="lower the threshold"):
            items_needed(threshold, 0, CONFIDENCE, "share")


class TestWrongAllowed:
    @given(st.integers(1, 60), st.floats(0.0, 1.0), kinds)
    def test_it_is_the_most_that_still_passes(self, n: int, threshold: float, kind: Kind) -> None:
        passing = [
            wrong
            for wrong in range(n + 1)
            if decide(bounds_of_whole_items(n - wrong, wrong, CONFIDENCE, kind), threshold) == "passed"
        ]
        assert wrong_allowed(n, threshold, CONFIDENCE, kind) == max(passing, default=-1)

    @pytest.mark.parametrize(("kind", "threshold", "wrong", "n"), TABLE)
    def test_it_inverts_the_items_needed(self, kind: Kind, threshold: float, wrong: int, n: int) -> None:
        assert wrong_allowed(n, threshold, CONFIDENCE, kind) == wrong

    def test_no_items_are_refused(self) -> None:
        with pytest.raises(EmptySetError):
            wrong_allowed(0, 0.9, CONFIDENCE, "share")


class TestPassChance:
    def test_with_no_wrong_item_allowed_every_item_must_be_right(self) -> None:
        assert pass_chance(29, 0.90, 0.98, CONFIDENCE, "share") == pytest.approx(0.98**29)

    def test_it_counts_every_way_to_pass(self) -> None:
        """Of 12 items 10 prove more than a half: the chance of that many is 0.019 at a half, of 9 it is 0.073."""
        ways = product((0.8, 0.2), repeat=12)  # right, wrong
        by_hand = sum(math.prod(way) for way in ways if way.count(0.8) >= 10)
        assert pass_chance(12, 0.5, 0.8, CONFIDENCE, "share") == pytest.approx(by_hand)

    @given(st.integers(1, 300), st.floats(0.01, 1.0), kinds)
    def test_a_model_at_the_threshold_passes_in_at_most_five_percent(
        self, n: int, threshold: float, kind: Kind
    ) -> None:
        assert pass_chance(n, threshold, threshold, CONFIDENCE, kind) <= 0.05 + 1e-9

    def test_a_benchmark_too_small_to_prove_it_has_no_chance(self) -> None:
        assert pass_chance(28, 0.90, 1.0, CONFIDENCE, "share") == 0.0

    def test_a_perfect_model_is_sure_of_a_benchmark_that_can_prove_it(self) -> None:
        assert pass_chance(29, 0.90, 1.0, CONFIDENCE, "share") == 1.0

    def test_an_expected_quality_in_percent_is_refused(self) -> None:
        with pytest.raises(ValueError, match="got 98"):
            pass_chance(29, 0.90, 98, CONFIDENCE, "share")


class TestSettleItems:
    @pytest.mark.parametrize(("kind", "threshold", "wrong", "n"), TABLE)
    def test_a_perfect_rate_settles_with_the_items_needed(
        self, kind: Kind, threshold: float, wrong: int, n: int
    ) -> None:
        perfect = 5 if kind == "share" else 1.0
        assert settle_items(perfect, 5, threshold, CONFIDENCE, kind) == NEEDED[kind][threshold][0]

    @given(st.integers(1, 12), st.integers(2, 12), st.floats(0.05, 0.95), kinds)
    def test_whole_multiples_settle_from_that_size_on(self, right: int, n: int, threshold: float, kind: Kind) -> None:
        assume(right <= n)
        settled = settle_items(right if kind == "share" else right / n, n, threshold, CONFIDENCE, kind)
        decisions = {
            size: decide(bounds_of_whole_items(right * size // n, (n - right) * size // n, CONFIDENCE, kind), threshold)
            for size in range(n, 120, n)
        }
        limit = math.inf if settled is None else settled
        assert all((decision != "inconclusive") == (size >= limit) for size, decision in decisions.items())

    @given(st.floats(0.01, 0.99), st.floats(0.02, 1.0), st.sampled_from([0.5, 0.8, 0.95, 0.99]))
    def test_a_settled_share_stays_settled(self, threshold: float, rate: float, conf: float) -> None:
        """The search halves its range, so the tail of the interpolated counts must fall for good."""
        assume(rate > threshold + 0.01)
        sizes = np.arange(1, 5000)
        proved = stats.beta.cdf(threshold, rate * sizes, sizes - rate * sizes + 1) < 1 - conf
        assert not np.any(proved[:-1] & ~proved[1:])

    def test_a_settled_result_needs_no_more_items(self) -> None:
        assert settle_items(100, 100, 0.90, CONFIDENCE, "share") == 100

    def test_a_low_rate_settles_as_a_failure(self) -> None:
        """Nothing right: 0.1 to the power of n is the chance of that at 0.9, and two items refute it."""
        assert settle_items(0, 1, 0.90, CONFIDENCE, "share") == 2

    @pytest.mark.parametrize("kind", ["share", "mean"])
    def test_a_rate_on_the_threshold_is_never_settled(self, kind: Kind) -> None:
        assert settle_items(9 if kind == "share" else 0.9, 10, 0.90, CONFIDENCE, kind) is None

    def test_a_rate_too_near_the_threshold_is_not_settled(self) -> None:
        assert settle_items(0.9001, 10, 0.90, CONFIDENCE, "mean") is None

    def test_samples_beyond_the_largest_benchmark_can_be_settled(self) -> None:
        assert settle_items(2 * MOST_ITEMS, 2 * MOST_ITEMS, 0.90, CONFIDENCE, "share") == 2 * MOST_ITEMS

    def test_no_items_are_refused(self) -> None:
        with pytest.raises(EmptySetError):
            settle_items(0, 0, 0.9, CONFIDENCE, "share")

    def test_more_successes_than_items_are_refused(self) -> None:
        with pytest.raises(ValueError, match=r"got 1\.2 over 10 items"):
            settle_items(12, 10, 0.9, CONFIDENCE, "share")
