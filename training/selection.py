"""Choose the experiment that will most likely pass the candidate's gates, by the candidate's answers on `dev`.

Pure: scores come in, the choice and its reason in words go out. Three steps:

1. An experiment qualifies where every metric that the candidate is gated on lies above its minimum, which is the
   gate's own threshold where the spec names no higher one. What misses it on `dev` is not put to the benchmark.
2. The best is the one with the largest predicted chance to pass every gate (`harness.statistics.power.chance_after`).
3. A cheaper one is taken in its place only where `dev` cannot tell the two apart: item by item against the best, it
   lost no more than it gained in any gated metric. A mean over metrics would average a lost refusal away.

``suites/selftest/training/test_selection_chance.py`` simulates what that does to the chance that the selected one
passes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.gates.aims import Aim
from harness.spec.recipe import Experiment
from harness.statistics import power

SAME = 1e-9
"""Sums of paired differences below this count as 0: rounding."""


@dataclass(frozen=True, slots=True)
class Scored:
    """The scores of one experiment's candidate on `dev`."""

    experiment: Experiment
    scores: Mapping[str, Mapping[str, float]]
    """Key of an aim -> independent item -> its score."""
    values: Mapping[str, float]
    """``adapter.task.metric`` -> mean, for the report."""
    cost: int
    """Cost of training: epochs x samples of the candidate."""
    composite: float
    """Weighted mean of the values, for the report; the choice does not use it."""
    chance: float
    """Predicted chance to pass every gate, as if gates were independent."""
    shortfalls: tuple[str, ...]
    """Gated metrics that are not above their minimum, in words."""


@dataclass(frozen=True, slots=True)
class Choice:
    scored: tuple[Scored, ...]
    selected: Scored | None
    reason: str


def score(
    experiment: Experiment,
    aims: Sequence[Aim],
    scores: Mapping[str, Mapping[str, float]],
    values: Mapping[str, float],
    samples: int,
    weights: Mapping[str, float],
    confidence: float,
) -> Scored:
    """One experiment's chance, shortfalls and composite.

    Args:
        scores: key of each aim -> independent `dev` item -> score; none of them empty.
        values: ``adapter.task.metric`` -> `dev` value, of whatever was measured.
        samples: training samples of the candidate.
        weights: of metrics, for the composite.
    """
    chance, shortfalls = 1.0, []
    for aim in aims:
        given = scores[aim.key].values()
        mean = sum(given) / len(given)
        chance *= power.chance_after(
            sum(given), len(given), aim.n, power.wrong_allowed_by(aim.rule, aim.n, aim.threshold, confidence, aim.kind)
        )
        if mean <= aim.minimum:
            shortfalls.append(f"{aim.key} is {mean:.3f} over {len(given)}, and must exceed {aim.minimum}")
    return Scored(
        experiment,
        scores,
        dict(values),
        experiment.epochs * samples,
        composite(values, weights),
        chance,
        tuple(shortfalls),
    )


def composite(values: Mapping[str, float], weights: Mapping[str, float]) -> float:
    """Weighted mean over metrics of each metric's mean over its tasks; 0.0 where no weighted metric was measured."""
    of = {name: [value for key, value in values.items() if key.rpartition(".")[2] == name] for name in weights}
    means = {name: sum(found) / len(found) for name, found in of.items() if found}
    total = sum(weights[name] for name in means)
    return sum(weights[name] * mean for name, mean in means.items()) / total if total else 0.0


def choose(scored: Sequence[Scored]) -> Choice:
    """The qualified experiment with the best chance, or the cheapest that `dev` cannot tell from it."""
    qualified = [one for one in scored if not one.shortfalls]
    if not qualified:
        worst = "; ".join(f"{one.experiment.name}: {', '.join(one.shortfalls[:2])}" for one in scored)
        return Choice(tuple(scored), None, f"no experiment qualified on dev: {worst}")
    best = max(qualified, key=lambda one: (one.chance, one.composite, -one.cost))
    tied = [one for one in qualified if not lost_to(one, best)]
    winner = min(tied, key=lambda one: (one.cost, -one.chance, one.experiment.name))
    return Choice(tuple(scored), winner, _reason(winner, best, qualified, scored))


def lost_to(one: Scored, best: Scored) -> tuple[str, ...]:
    """The gated metrics in which `one` lost more to `best`, item by item, than it gained, in words.

    () where `dev` cannot tell the two apart to the disadvantage of `one`.
    """
    found = []
    for key, scores in best.scores.items():
        differences = [one.scores[key][item] - value for item, value in scores.items()]
        if sum(differences) < -SAME:
            worse, better = sum(d < 0 for d in differences), sum(d > 0 for d in differences)
            found.append(f"{key}: {worse} worse and {better} better of {len(differences)}")
    return tuple(found)


def _reason(winner: Scored, best: Scored, qualified: Sequence[Scored], scored: Sequence[Scored]) -> str:
    name = winner.experiment.name
    chance = f"predicted chance to pass every gate {winner.chance:.3f}"
    if len(scored) == 1:
        return f"{name} is the only experiment, and qualified on dev ({chance})"
    if len(qualified) == 1:
        return f"{name} is the only experiment that qualified on dev ({chance})"
    if winner is not best:
        return (
            f"{name} is the cheapest (cost {winner.cost} = epochs x samples) of those that dev cannot tell from "
            f"{best.experiment.name}: in no gated metric did it lose more items than it gained ({chance}, "
            f"{best.experiment.name} {best.chance:.3f})"
        )
    others = [one for one in qualified if one is not winner]
    second = max(others, key=lambda one: one.chance)
    lost = [(one, lost_to(one, winner)) for one in sorted(others, key=lambda one: one.cost)]
    told = next((f"; {one.experiment.name} lost to it in {parts[0]}" for one, parts in lost if parts), "")
    return f"{name} will most likely pass: {chance}, the next {second.experiment.name} {second.chance:.3f}{told}"
