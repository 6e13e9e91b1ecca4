"""The operating characteristic that `--plan` prints: what it says of a gate, of a release and of more items."""

from __future__ import annotations

import pytest

from harness.gates import chances as operating
from harness.gates.gate import Gate
from harness.statistics import paired_power, power

FORMAT = Gate("eval.both.all.format", "threshold", "f", True, "lower_bound", "format", 0.9, expected=0.98)
NOT_WORSE = Gate("regression.both.format", "not_worse", "f", True, "not_worse", "format", -0.1, expected=0.98)
BARE = Gate("parity.both.all.format", "threshold", "f", False, "point", "format", 0.9)


def of(*gates: Gate, n: int = 108) -> list[operating.Characteristic]:
    return operating.of_gates(gates, {gate.id: n for gate in gates}, 0.95)


def test_a_gate_by_the_bare_value_has_no_error_rate_to_tell() -> None:
    assert of(BARE) == []


@pytest.mark.parametrize("gate", [FORMAT, NOT_WORSE], ids=["threshold", "not_worse"])
def test_a_bad_adapter_rarely_passes_a_good_one_often_and_more_often_with_more_items(gate: Gate) -> None:
    (found,) = of(gate)
    assert found.bad <= 0.05
    assert found.good is not None
    assert found.good_with_twice is not None
    assert found.bad < found.good < found.good_with_twice


@pytest.mark.parametrize("gate", [FORMAT, NOT_WORSE], ids=["threshold", "not_worse"])
def test_the_items_that_a_weak_gate_needs_give_it_the_wanted_chance(gate: Gate) -> None:
    (weak,) = of(gate, n=60)
    assert weak.needed is not None
    assert weak.needed > 60
    (mended,) = of(gate, n=weak.needed)
    assert mended.good is not None
    assert mended.good >= power.WANTED


def test_a_model_no_better_than_the_threshold_is_helped_by_no_number_of_items() -> None:
    assert power.items_for_chance(0.9, 30, 0.9, 0.9, 0.95, "share") is None


def test_a_release_passes_no_more_often_than_its_least_likely_gate_and_no_less_than_the_sum_of_misses_leaves() -> None:
    found = of(FORMAT, NOT_WORSE)
    told = operating.of_release(found)
    assert told is not None
    chances = [one.good for one in found if one.good is not None]
    assert told.good_most == min(chances)
    assert told.good_least == pytest.approx(1 - sum(1 - chance for chance in chances))
    assert told.bad_most == max(one.bad for one in found)


def test_a_blocking_gate_without_an_expected_quality_leaves_the_release_unknown() -> None:
    silent = Gate("eval.both.all.coverage", "threshold", "c", True, "lower_bound", "coverage", 0.9)
    assert operating.of_release(of(FORMAT, silent)) is None


def test_with_no_pair_that_differs_a_margin_holds_for_certain_or_never() -> None:
    needed = paired_power.equal_items_needed(0.1, 0.95)
    assert [paired_power.pass_chance(n, 0.1, 0.0, 0.0, 0.95) for n in (needed - 1, needed)] == [0.0, 1.0]


def test_chances_that_are_none_are_refused() -> None:
    with pytest.raises(ValueError, match="sum to at most 1"):
        paired_power.pass_chance(10, 0.1, 0.7, 0.6, 0.95)
