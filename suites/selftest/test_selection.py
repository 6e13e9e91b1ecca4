"""Selection: qualified first, then the composite, and among equals the cheaper, with the reason in words."""

from __future__ import annotations

from harness.recipe import Experiment
from harness.spec import Selection
from training.selection import Choice, choose, score

SELECTION = Selection(tolerance=0.01, weights={"coverage": 0.5, "format": 0.5}, minimum={"coverage": 0.8})


def run(**coverage: float) -> Choice:
    """Experiments by name with their dev coverage; the later named cost more."""
    scored = [
        score(
            Experiment(name, epochs, 1e-3),
            {"multi.style.coverage": value, "multi.style.format": 1.0, "style.style.coverage": value},
            59,
            SELECTION,
            "multi",
        )
        for epochs, (name, value) in enumerate(coverage.items(), 3)
    ]
    return choose(scored, SELECTION.tolerance)


def selected(choice: Choice) -> str | None:
    return choice.selected.experiment.name if choice.selected else None


def test_the_best_composite_wins() -> None:
    assert selected(run(a=0.85, b=0.95, c=0.90)) == "b"


def test_a_tie_within_the_tolerance_goes_to_the_cheaper() -> None:
    choice = run(a=0.85, b=0.950, c=0.955)
    assert selected(choice) == "b"
    assert "cheaper" in choice.reason


def test_an_experiment_below_a_minimum_is_not_qualified() -> None:
    choice = run(a=0.99, b=0.5)
    assert [bool(one.shortfalls) for one in choice.scored] == [False, True]


def test_a_value_equal_to_the_minimum_is_below_it() -> None:
    assert selected(run(a=0.8)) is None


def test_no_qualified_experiment_selects_none_and_says_why() -> None:
    choice = run(a=0.5, b=0.6)
    assert selected(choice) is None
    assert "multi.style.coverage is 0.500" in choice.reason


def test_only_the_candidate_has_minima() -> None:
    values = {"multi.style.coverage": 0.9, "style.style.coverage": 0.1}
    assert score(Experiment("a", 3, 1e-3), values, 59, SELECTION, "multi").shortfalls == ()


def test_the_cost_is_epochs_times_samples() -> None:
    assert run(a=0.9).scored[0].cost == 3 * 59


def test_no_weighted_metric_gives_no_score_rather_than_a_perfect_one() -> None:
    assert score(Experiment("a", 3, 1e-3), {"multi.style.other": 1.0}, 59, SELECTION, "multi").composite == 0.0
