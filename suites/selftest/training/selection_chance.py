"""Simulate how often the selected experiment would pass: ``python -m suites.selftest.training.selection_chance``.

Three experiments of known true qualities answer `dev`; a rule selects one; its true chance to pass every gate on the
benchmark is what the rule earned. Two rules are compared on the same answers: `training.selection.choose`, and a mean
over metrics with a tolerance and minima below the thresholds, which this project used before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from harness.gates.aims import Aim
from harness.spec.recipe import Experiment
from harness.statistics import power
from training.selection import Scored, choose, score

AIMS = tuple(
    Aim(f"{task}.{metric}", threshold, threshold, n, "share", "lower_bound")
    for task, rows in {
        "style": (("coverage", 0.90, 124), ("format", 0.95, 124), ("refused", 0.85, 61), ("answered", 0.85, 62)),
        "writing": (("coverage", 0.85, 93), ("format", 0.90, 93), ("refused", 0.85, 61), ("answered", 0.85, 46)),
    }.items()
    for metric, threshold, n in rows
)
WEIGHTS = {"coverage": 0.4, "format": 0.3, "refused": 0.15, "answered": 0.15}
LOW = {"coverage": 0.80, "format": 0.85, "refused": 0.70, "answered": 0.70}
"""Minima of the earlier rule."""
TOLERANCE = 0.005
"""Largest difference of composites that tied under the earlier rule."""
SMALL = {"coverage": 35, "format": 35, "refused": 13, "answered": 21}
LARGE = {"coverage": 94, "format": 94, "refused": 41, "answered": 47}
"""Items of `dev` by metric, for a task: as it was, and as it is."""
ALIKE = 0.5
"""Share of items that are equally hard for all experiments."""

Qualities = Sequence[Mapping[str, float]]
"""Of each experiment, cheapest first: key of an aim -> true share of items that it gets right."""


def experiments(*rows: Mapping[str, float]) -> Qualities:
    """True qualities of three experiments: 0.995 of each metric but for those named by metric."""
    return [{aim.key: row.get(aim.metric, 0.995) for aim in AIMS} for row in rows]


CASES: Mapping[str, Qualities] = {
    "the cheapest refuses less than its gate wants": experiments({"refused": 0.84}, {}, {}),
    "the cheaper two refuse as much as their gate wants": experiments({"refused": 0.85}, {"refused": 0.88}, {}),
    "format falls from dear to cheap": experiments({"format": 0.96}, {"format": 0.98}, {}),
    "the dearest overfits": experiments({}, {}, {"coverage": 0.93, "answered": 0.90}),
    "all alike and good": experiments({}, {}, {}),
    "all alike and near the thresholds": experiments(*[{"refused": 0.93, "format": 0.98}] * 3),
    "each weak in something else": experiments({"refused": 0.90}, {"format": 0.97}, {"answered": 0.91}),
}


@dataclass(frozen=True, slots=True)
class Earned:
    """The chances to pass that two rules earned on the same draws."""

    before: float
    """Mean true chance to pass of what the rule before selected, where the present rule selected as well."""
    now: float
    """The same of what the present rule selects."""
    withheld: float
    """Share of draws in which the present rule finds none qualified."""
    before_there: float
    """Mean true chance of what the rule before selected in those, 0.0 where there are none."""


def earned(qualities: Qualities, sizes: Mapping[str, int], draws: int, seed: int) -> Earned:
    """Simulate `draws` times.

    Args:
        sizes: metric -> items of a task's `dev`.
    """
    random = np.random.default_rng(seed)
    chances = [true_chance(of) for of in qualities]
    both, there = [], []
    for _ in range(draws):
        scored = _answers(qualities, sizes, random)
        before, choice = _before(scored), choose(scored).selected
        if choice is None:
            there.append(0.0 if before is None else chances[before])
        else:
            both.append((0.0 if before is None else chances[before], chances[scored.index(choice)]))
    means = np.mean(both, axis=0) if both else (0.0, 0.0)
    return Earned(float(means[0]), float(means[1]), len(there) / draws, float(np.mean(there)) if there else 0.0)


def true_chance(qualities: Mapping[str, float]) -> float:
    """Chance that an experiment of these true qualities passes every gate on the benchmark."""
    chance = 1.0
    for aim in AIMS:
        chance *= power.pass_chance(aim.n, aim.threshold, qualities[aim.key], 0.95, aim.kind)
    return chance


def _answers(qualities: Qualities, sizes: Mapping[str, int], random: np.random.Generator) -> list[Scored]:
    right: list[dict[str, dict[str, float]]] = [{} for _ in qualities]
    for aim in AIMS:
        n = sizes[aim.metric]
        common = random.random(n)
        for k, of in enumerate(qualities):
            difficulty = np.where(random.random(n) < ALIKE, common, random.random(n))
            right[k][aim.key] = {str(i): float(one < of[aim.key]) for i, one in enumerate(difficulty)}
    return [
        score(
            Experiment(f"e{k}", 3 + k, 1e-3),
            AIMS,
            scores,
            {f"both.{key}": sum(given.values()) / len(given) for key, given in scores.items()},
            59,
            WEIGHTS,
            0.95,
        )
        for k, scores in enumerate(right)
    ]


def _before(scored: Sequence[Scored]) -> int | None:
    def qualifies(one: Scored) -> bool:
        return all(value > LOW[key.rpartition(".")[2]] for key, value in one.values.items())

    qualified = [k for k, one in enumerate(scored) if qualifies(one)]
    if not qualified:
        return None
    best = max(scored[k].composite for k in qualified)
    return min(k for k in qualified if best - scored[k].composite <= TOLERANCE)


def table(draws: int = 400, seed: int = 5) -> str:
    lines = [
        "| true qualities | `dev` | before | now | none qualified | before, there |",
        "|---|---|---:|---:|---:|---:|",
    ]
    for name, qualities in CASES.items():
        for size, sizes in (("small", SMALL), ("large", LARGE)):
            one = earned(qualities, sizes, draws, seed)
            lines.append(
                f"| {name} | {size} | {one.before:.3f} | {one.now:.3f} | {one.withheld:.3f} | {one.before_there:.3f} |"
            )
    return "\n".join(lines)


if __name__ == "__main__":
    print(table())
