"""Trainings with other seeds: what each gated metric ranges over, and in how many the release would have been green."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.gates import judging
from harness.gates.aims import Aim
from harness.gates.gate import Gate
from harness.statistics.measurement import Measurement
from suites.tiny import child
from suites.tiny.child import Line
from training import seeds

AIMS = (Aim("sea.refused", 0.5, 0.5, 20, "share", "lower_bound"), Aim("sea.coverage", 0.5, 0.6, 28, "mean", "point"))


def scores(refused: list[float], coverage: list[float]) -> dict[str, dict[str, float]]:
    return {
        "sea.refused": {str(k): value for k, value in enumerate(refused)},
        "sea.coverage": {str(k): value for k, value in enumerate(coverage)},
    }


def test_a_training_that_misses_one_threshold_does_not_count_as_green() -> None:
    good, bad = scores([1.0] * 20, [1.0] * 20), scores([1.0] * 20, [0.55] * 20)
    found = seeds.again([7, 8], AIMS, [good, bad], 0.95)
    assert found.qualified == (True, False)
    assert seeds.lines(found)[0].startswith("1 of 2 trainings exceed every threshold on dev (seeds 7, 8)")


def test_a_value_above_its_threshold_is_not_proved_by_few_items() -> None:
    few = scores([1.0, 1.0, 1.0], [1.0] * 20)
    found = seeds.again([7], AIMS, [few], 0.95)
    assert (found.qualified, found.proved) == ((True,), (False,))


def test_the_range_of_each_metric_is_told_with_its_lowest_bound() -> None:
    found = seeds.again(
        [1, 2], AIMS, [scores([1.0] * 20, [1.0] * 20), scores([0.0] * 2 + [1.0] * 18, [1.0] * 20)], 0.95
    )
    assert "sea.refused: 0.9000 to 1.0000 over n=20, lowest bound 0.7174, wanted > 0.5" in seeds.lines(found)[1]


def test_one_training_in_two_that_misses_a_threshold_turns_the_gate_red() -> None:
    gate = Gate("training.seeds.green_again", "green_again", "seeds", False, metric="green_again")
    good, bad = scores([1.0] * 20, [1.0] * 20), scores([1.0] * 20, [0.55] * 20)
    for both, outcome in (([good, bad], "failed"), ([good, good], "passed")):
        qualified = seeds.again([7, 8], AIMS, both, 0.95).qualified
        assert (
            judging.judge(gate, Measurement(sum(qualified) / 2, 2, sources={"adapter": "a"}), 0.95).outcome == outcome
        )


@pytest.mark.slow
def test_a_release_is_trained_again_with_other_seeds_and_told_of_them(green: child.Finished, line: Line) -> None:
    done = child.release(line, "seeds", "--seeds=2", "--partial", "-k", "green_again")
    gate = done.gate("training.seeds.green_again")
    assert gate["n"] == 2
    assert not gate["blocking"]
    assert "trainings exceed every threshold on dev (seeds 7, 8)" in gate["message"]
    assert [len(one["values"]) for one in done.verdict["seeds"]["metrics"]] == [2] * 7
    assert "The same with other seeds" in (done.run / "report.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("count", ["1", "0", "101"])
def test_a_number_of_seeds_that_compares_nothing_is_refused(line: Line, count: str, tmp_path: Path) -> None:
    done = child.release(Line(line.spec, tmp_path), "none", f"--seeds={count}")
    assert done.status == 4
    assert f"--seeds: {count} trainings compare nothing; name 2 to 100" in done.output
