"""Choose an experiment by its `dev` scores: qualified first, then the composite, then the cheaper.

Pure: what was measured comes in, the choice and its reason in words go out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.recipe import Experiment
from harness.spec import Selection


@dataclass(frozen=True, slots=True)
class Scored:
    """One experiment on `dev`."""

    experiment: Experiment
    values: Mapping[str, float]
    """``adapter.task.metric`` -> value."""
    cost: int
    """Epochs x samples, over all its adapters."""
    composite: float
    shortfalls: tuple[str, ...]
    """Dev values that are not above the spec's minimum, in words."""


@dataclass(frozen=True, slots=True)
class Choice:
    scored: tuple[Scored, ...]
    selected: Scored | None
    reason: str


def score(
    experiment: Experiment, values: Mapping[str, float], samples: int, selection: Selection, candidate: str
) -> Scored:
    """Composite and shortfalls of one experiment.

    The composite is the weighted mean over metrics of each metric's mean over all adapters and tasks;
    only the candidate's values must exceed the minima.

    Args:
        values: ``adapter.task.metric`` -> dev value.
        samples: training samples summed over the adapters.
    """
    weights = {name: weight for name, weight in selection.weights.items() if _of(values, name)}
    total = sum(weights.values())
    composite = sum(weight * _mean(_of(values, name)) for name, weight in weights.items()) / total if total else 0.0
    shortfalls = tuple(
        f"{key} is {value:.3f}, the minimum is {selection.minimum[metric]}"
        for key, value in values.items()
        for metric in [key.rpartition(".")[2]]
        if key.startswith(f"{candidate}.") and metric in selection.minimum and value <= selection.minimum[metric]
    )
    return Scored(experiment, dict(values), experiment.epochs * samples, composite, shortfalls)


def choose(scored: Sequence[Scored], tolerance: float) -> Choice:
    """The best qualified experiment; those within `tolerance` of it tie, and the cheapest of them wins."""
    qualified = [one for one in scored if not one.shortfalls]
    if not qualified:
        worst = "; ".join(f"{one.experiment.name}: {', '.join(one.shortfalls[:2])}" for one in scored)
        return Choice(tuple(scored), None, f"no experiment qualified on dev: {worst}")
    best = max(one.composite for one in qualified)
    tied = [one for one in qualified if best - one.composite <= tolerance]
    winner = min(tied, key=lambda one: (one.cost, -one.composite, one.experiment.name))
    return Choice(tuple(scored), winner, _reason(winner, tied, qualified, tolerance))


def _reason(winner: Scored, tied: Sequence[Scored], qualified: Sequence[Scored], tolerance: float) -> str:
    name, composite = winner.experiment.name, winner.composite
    if len(qualified) == 1:
        return f"{name} is the only experiment that qualified on dev (composite {composite:.4f})"
    if len(tied) == 1:
        second = max(one.composite for one in qualified if one is not winner)
        return f"{name} has the best composite on dev ({composite:.4f}, the next {second:.4f})"
    others = ", ".join(f"{one.experiment.name} {one.composite:.4f}" for one in tied if one is not winner)
    return (
        f"{name} ({composite:.4f}) ties with {others} within {tolerance}, and is the cheaper one "
        f"(cost {winner.cost} = epochs x samples)"
    )


def _of(values: Mapping[str, float], metric: str) -> list[float]:
    return [value for key, value in values.items() if key.rpartition(".")[2] == metric]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
