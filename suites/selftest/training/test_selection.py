"""Selection: who misses a threshold on `dev` is out, the likeliest to pass wins, a cheaper one only as its equal."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.gates.aims import Aim
from harness.spec.recipe import Experiment
from harness.statistics import power
from training.selection import Choice, Scored, choose, lost_to, score

REFUSED = Aim("style.refused", 0.85, 0.85, 61, "share", "lower_bound")
COVERAGE = Aim("style.coverage", 0.90, 0.90, 124, "mean", "lower_bound")
AIMS = (REFUSED, COVERAGE)


def scored(name: str, epochs: int, refused: Sequence[float], coverage: Sequence[float] = (1.0,) * 60) -> Scored:
    scores = {
        aim.key: {f"item-{k}": value for k, value in enumerate(values)}
        for aim, values in ((REFUSED, refused), (COVERAGE, coverage))
    }
    means = {f"multi.{key}": sum(given.values()) / len(given) for key, given in scores.items()}
    return score(Experiment(name, epochs, 1e-3), AIMS, scores, means, 59, {"refused": 0.15, "coverage": 0.85}, 0.95)


def missed(count: int, of: int = 40) -> list[float]:
    """The first `count` of `of` items wrong, the others right."""
    return [0.0] * count + [1.0] * (of - count)


def selected(choice: Choice) -> str | None:
    return choice.selected.experiment.name if choice.selected else None


def test_the_one_that_will_most_likely_pass_is_selected_whatever_it_costs() -> None:
    choice = choose([scored("a", 3, missed(4)), scored("b", 5, missed(0))])
    assert selected(choice) == "b"
    assert "most likely" in choice.reason


def test_a_lost_refusal_is_not_averaged_away_by_a_composite_that_hardly_moves() -> None:
    a, b = scored("a", 3, missed(2)), scored("b", 5, missed(0))
    assert b.composite - a.composite < 0.01
    assert selected(choose([a, b])) == "b"


def test_the_cheaper_of_two_that_dev_cannot_tell_apart_is_selected() -> None:
    turned = [1.0] * 38 + [0.0] * 2
    choice = choose([scored("a", 3, missed(2)), scored("b", 5, turned)])
    assert selected(choice) == "a"
    assert "cost 177" in choice.reason or "most likely" in choice.reason


def test_a_cheaper_one_that_lost_more_items_than_it_gained_is_no_tie() -> None:
    dear, cheap = scored("b", 5, missed(0)), scored("a", 3, missed(1))
    assert lost_to(cheap, dear) == ("style.refused: 1 worse and 0 better of 40",)
    assert selected(choose([cheap, dear])) == "b"


def test_an_experiment_below_a_gates_threshold_is_not_selected_even_alone() -> None:
    choice = choose([scored("a", 3, missed(7))])  # 33 of 40 is 0.825
    assert selected(choice) is None
    assert "style.refused is 0.825 over 40, and must exceed 0.85" in choice.reason


def test_a_value_equal_to_the_threshold_does_not_exceed_it() -> None:
    assert selected(choose([scored("a", 3, missed(6))])) is None  # 34 of 40 is 0.85


def test_the_only_experiment_is_named_as_such() -> None:
    assert "only experiment" in choose([scored("a", 3, missed(0))]).reason


def test_the_composite_decides_nothing() -> None:
    """The one with the better mean has lost refusals, which its gate will not forgive."""
    a = scored("a", 3, missed(5), [1.0] * 60)
    b = scored("b", 5, missed(1), [0.0] * 2 + [1.0] * 58)
    assert a.composite > b.composite
    assert selected(choose([a, b])) == "b"


def test_no_weighted_metric_gives_no_composite_rather_than_a_perfect_one() -> None:
    one = scored("a", 3, missed(0))
    assert score(one.experiment, AIMS, one.scores, {"multi.style.other": 1.0}, 59, {"x": 1.0}, 0.95).composite == 0.0


def test_the_cost_is_epochs_times_samples() -> None:
    assert scored("a", 3, missed(0)).cost == 3 * 59


@given(st.lists(st.integers(0, 6), min_size=1, max_size=5))
def test_no_qualified_experiment_has_a_better_chance_without_being_selected_or_tied(wrong: list[int]) -> None:
    choice = choose([scored(f"e{k}", k + 1, missed(count)) for k, count in enumerate(wrong)])
    if choice.selected is None:
        assert all(one.shortfalls for one in choice.scored)
        return
    best = max((one for one in choice.scored if not one.shortfalls), key=lambda one: one.chance)
    assert not lost_to(choice.selected, best)


@pytest.mark.parametrize("wrong", [0, 1, 5, 20])
def test_a_predicted_chance_is_that_of_the_rates_that_the_posterior_holds(wrong: int) -> None:
    """Beta-binomial against an average over quantiles of the same Beta distribution."""
    import numpy as np
    from scipy import special, stats

    rates = special.betaincinv(wrong + 0.5, 40 - wrong + 0.5, (0.5 + np.arange(4000)) / 4000)
    averaged = stats.binom.cdf(4, 61, rates).mean()
    assert power.chance_after(40 - wrong, 40, 61, 4) == pytest.approx(averaged, abs=1e-4)
