"""Attempts on a benchmark are counted where all can see them, and what they do to the stated error is said."""

from __future__ import annotations

import json
import math
import multiprocessing
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import DataError, SpecError
from harness.gates import evaluation, expected, judging, regression
from harness.gates.gate import Gate
from harness.releases import ledger
from harness.releases.ledger import ceiling, if_independent, next_confidence, spent
from harness.report import regression as attempts
from harness.spec import load as spec_file
from harness.spec.objects import Spec
from harness.statistics.measurement import Measurement
from suites.selftest.child import Line

ALPHA = 0.05


@pytest.fixture
def begun(tmp_path: Path) -> Path:
    path = tmp_path / "ledger.jsonl"
    path.touch()
    return path


def tried(path: Path, *adapters: str, benchmark: str = "bench") -> tuple[str, ...] | None:
    known = None
    for adapter in adapters:
        known = ledger.record(path, benchmark, adapter, "line", "run_1")
    return known


class TestTheCount:
    def test_each_distinct_adapter_is_an_attempt_in_order(self, begun: Path) -> None:
        assert tried(begun, "a", "b", "c") == ("a", "b", "c")

    def test_the_same_adapter_again_costs_nothing(self, begun: Path) -> None:
        assert tried(begun, "a", "b", "a", "a") == ("a", "b")
        assert len(begun.read_text(encoding="utf-8").splitlines()) == 2

    def test_another_benchmark_is_counted_by_itself(self, begun: Path) -> None:
        tried(begun, "a", "b")
        assert tried(begun, "b", benchmark="fresh") == ("b",)

    def test_a_ledger_that_is_not_there_is_unknown_and_is_not_begun(self, tmp_path: Path) -> None:
        assert tried(tmp_path / "none.jsonl", "a") is None
        assert list(tmp_path.iterdir()) == []

    def test_a_ledger_that_nobody_named_is_unknown(self) -> None:
        assert ledger.record(None, "bench", "a", "line", "run_1") is None

    @pytest.mark.parametrize(
        ("damage", "line"),
        [
            ('{"benchmark": "bench"}\n', 2),
            ("{\n", 2),
            ("[]\n", 2),
            ('{"benchmark": 1, "adapter": 2}\n', 2),
            ('{"ben', 2),
        ],
    )
    def test_a_damaged_line_is_named_and_never_skipped(self, begun: Path, damage: str, line: int) -> None:
        tried(begun, "a")
        begun.write_text(begun.read_text(encoding="utf-8") + damage, encoding="utf-8")
        with pytest.raises(DataError, match=f"ledger.jsonl:{line}: "):
            tried(begun, "b")

    def test_runners_at_once_lose_no_attempt_and_count_none_twice(self, begun: Path) -> None:
        names = [f"adapter-{number % 6}" for number in range(12)]
        with multiprocessing.get_context("spawn").Pool(3) as pool:
            pool.starmap(ledger.record, [(begun, "bench", name, "line", "run_1") for name in names])
        assert sorted(ledger.adapters(begun, "bench") or ()) == sorted(set(names))
        assert len(begun.read_text(encoding="utf-8").splitlines()) == 6


class TestTheError:
    @given(st.integers(1, 200))
    def test_the_ceiling_is_never_below_what_independence_gives(self, attempts: int) -> None:
        assert if_independent(ALPHA, attempts) <= ceiling(ALPHA, attempts) + 1e-12
        assert ceiling(ALPHA, attempts) <= 1.0

    def test_one_attempt_has_the_stated_error(self) -> None:
        assert (ceiling(ALPHA, 1), if_independent(ALPHA, 1)) == (ALPHA, pytest.approx(ALPHA))

    def test_what_is_spent_sums_to_no_more_than_alpha(self) -> None:
        """The tail after n terms of the inverse squares is below 1/n."""
        total = math.fsum(spent(ALPHA, k) for k in range(1, 10_001))
        assert total <= ALPHA
        assert total == pytest.approx(ALPHA, rel=1e-3)

    def test_later_attempts_get_less(self) -> None:
        assert [round(spent(ALPHA, k), 4) for k in (1, 2, 3)] == [0.0304, 0.0076, 0.0034]

    def test_an_attempt_zero_is_refused(self) -> None:
        with pytest.raises(ValueError, match="counted from 1"):
            spent(ALPHA, 0)


@pytest.fixture
def spending(line: Line, tmp_path: Path, begun: Path) -> Spec:
    """The tiny line's spec with its error spent."""
    return replace(spec_file.load(line.spec), ledger=begun, attempts=ledger.SPEND)


class TestSpending:
    def test_the_next_adapter_is_judged_at_what_is_left_for_it(self, spending: Spec, begun: Path) -> None:
        assert next_confidence(spending) == pytest.approx(1 - spent(ALPHA, 1))
        tried(begun, "a", "b", benchmark=ledger.benchmark_of(spending))
        assert next_confidence(spending) == pytest.approx(1 - spent(ALPHA, 3))

    def test_attempts_on_other_benchmarks_spend_nothing(self, spending: Spec, begun: Path) -> None:
        tried(begun, "a", "b", benchmark="another")
        assert next_confidence(spending) == pytest.approx(1 - spent(ALPHA, 1))

    def test_reporting_spends_nothing(self, spending: Spec, begun: Path) -> None:
        reporting = replace(spending, attempts="report")
        tried(begun, "a", "b", benchmark=ledger.benchmark_of(spending))
        assert next_confidence(reporting) == reporting.confidence

    def test_an_unknown_count_cannot_be_spent(self, spending: Spec, begun: Path) -> None:
        begun.unlink()
        with pytest.raises(SpecError, match="begins as an empty file"):
            next_confidence(spending)

    def test_a_threshold_that_the_spent_level_can_never_prove_is_refused(self, spending: Spec, begun: Path) -> None:
        """Ten must-refuse items prove 0.5 at 5 % (0.5^10 is 0.1 %), and at attempt 8 no longer (0.05 %)."""
        gates = expected(spending)
        sizes = evaluation.sizes(spending, gates)
        evaluation.check_provable(spending, gates, sizes)
        tried(begun, *"abcdefg", benchmark=ledger.benchmark_of(spending))
        with pytest.raises(SpecError, match="can never prove more than"):
            evaluation.check_provable(replace(spending, confidence=next_confidence(spending)), gates, sizes)

    def test_spending_without_a_ledger_is_refused_at_load(self, line: Line, tmp_path: Path) -> None:
        copied = line.copy(tmp_path / "line")
        copied.edit("[generation]", '[policy]\nattempts = "spend"\n\n[generation]')
        with pytest.raises(SpecError, match=r"policy\.ledger: missing"):
            spec_file.load(copied.spec)

    def test_a_gate_that_is_not_passed_says_no_more_than_its_outcome(self) -> None:
        gate = Gate("eval.both.all.coverage", "threshold", "c", True, "lower_bound", "coverage", 0.9, split="benchmark")
        measured = Measurement(0.8123, 30, 0.7123, 0.9123, wrong=("sea-01: 'no'",), sources={"adapter": "a"})
        told = judging.outcome_only(gate, judging.judge(gate, measured, 0.95))
        assert (told.outcome, told.measurement) == ("inconclusive", None)
        assert not [secret for secret in ("0.8123", "0.7123", "sea-01") if secret in told.message]

    def test_a_gate_on_other_data_keeps_its_message(self) -> None:
        gate = Gate("data.dev-sea.parse", "parse", "dev-sea", True)
        judgement = judging.judge(gate, Measurement(0.5, 2, message="line 3", sources={"file": "a"}), 0.95)
        assert judging.outcome_only(gate, judgement) == judgement


class TestFreshItems:
    def test_the_gate_exists_where_a_ledger_is_named_and_only_advises(self, spending: Spec) -> None:
        (gate,) = regression.expected(spending, None)
        assert (gate.id, gate.blocking) == ("regression.fresh_items", False)

    def test_without_ledger_and_earlier_release_the_area_has_no_gates(self, line: Line) -> None:
        assert list(regression.expected(spec_file.load(line.spec), None)) == []


class TestTheReport:
    FIGURES: ClassVar[dict[str, Any]] = {
        "stated_error": 0.05,
        "mode": "report",
        "ceiling": 0.15,
        "if_independent": 0.142625,
    }

    def test_a_count_is_told_with_its_ceiling_and_its_source(self) -> None:
        told = attempts.line({"attempts": {**self.FIGURES, "adapters": 3}})
        assert "3 adapters; the stated 5.0% error is by now at most 15.0% (Boole's inequality), 14.3% if" in told

    def test_no_ledger_reads_unknown_and_not_one(self) -> None:
        assert "unknown, since no ledger counts them" in attempts.line(
            {"attempts": {**self.FIGURES, "adapters": "unknown"}}
        )

    def test_spending_tells_the_level(self) -> None:
        told = attempts.line({"attempts": {**self.FIGURES, "adapters": 2, "mode": "spend", "judged_at_error": 0.0076}})
        assert "judged at 0.760% error, its share of 5.0%" in told


def test_a_line_of_the_ledger_says_who_asked(begun: Path) -> None:
    tried(begun, "a")
    entry = json.loads(begun.read_text(encoding="utf-8"))
    assert {name: entry[name] for name in ("benchmark", "adapter", "release", "run_id")} == {
        "benchmark": "bench",
        "adapter": "a",
        "release": "line",
        "run_id": "run_1",
    }
