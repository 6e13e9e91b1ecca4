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

from harness.dataset.item import Item, Point
from harness.errors import DataError, SpecError
from harness.gates import evaluation, expected, judging, regression
from harness.gates.gate import Gate
from harness.project import ROOT
from harness.releases import ledger, ledger_file, tried_items
from harness.releases.ledger import ceiling, if_independent, next_confidence, spent
from harness.releases.tried_items import Tried
from harness.report import regression as attempts
from harness.report.catalogue import Say
from harness.spec import load
from harness.spec.objects import Spec
from harness.statistics.measurement import Measurement
from harness.store import digests
from suites.tiny.child import Line

ALPHA = 0.05


@pytest.fixture
def begun(tmp_path: Path) -> Path:
    path = tmp_path / "ledger.jsonl"
    path.touch()
    return path


def asked(*words: str) -> Tried:
    """A benchmark of one item a word."""
    return Tried(frozenset(digests.of_value(word)[:16] for word in words), digests.of_value([*words]))


BENCH = asked("tides", "winds")


def tried(path: Path, *adapters: str, benchmark: Tried = BENCH) -> tuple[str, ...] | None:
    """Adapters of the attempts so far, after these were entered."""
    known = None
    for adapter in adapters:
        known = ledger.record(path, benchmark, adapter, "line", "run_1")
    return None if known is None else tuple(one for one, _ in known.attempts)


def attempts_of(path: Path) -> list[dict[str, Any]]:
    lines = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    return [entry for entry in lines if "adapter" in entry]


class TestTheCount:
    def test_each_distinct_adapter_is_an_attempt_in_order(self, begun: Path) -> None:
        assert tried(begun, "a", "b", "c") == ("a", "b", "c")

    def test_the_same_adapter_again_costs_nothing(self, begun: Path) -> None:
        assert tried(begun, "a", "b", "a", "a") == ("a", "b")
        assert len(attempts_of(begun)) == 2

    def test_another_benchmark_is_counted_by_itself(self, begun: Path) -> None:
        tried(begun, "a", "b")
        assert tried(begun, "b", benchmark=asked("fresh")) == ("b",)

    def test_a_ledger_that_is_not_there_is_unknown_and_is_not_begun(self, tmp_path: Path) -> None:
        assert tried(tmp_path / "none.jsonl", "a") is None
        assert list(tmp_path.iterdir()) == []

    def test_a_ledger_that_nobody_named_is_unknown(self) -> None:
        assert ledger.record(None, BENCH, "a", "line", "run_1") is None

    @pytest.mark.parametrize(
        ("damage", "line"),
        [
            ('{"benchmark": "bench"}\n', 3),
            ("{\n", 3),
            ("[]\n", 3),
            ('{"benchmark": 1, "adapter": 2}\n', 3),
            ('{"ben', 3),
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
            pool.starmap(ledger.record, [(begun, BENCH, name, "line", "run_1") for name in names])
        assert sorted(one["adapter"] for one in attempts_of(begun)) == sorted(set(names))
        known = ledger.count(begun, BENCH)
        assert known is not None
        assert known.number == 6


def item(number: int, **changes: Any) -> Item:
    said = f"Question {number}: why does the sea rise?"
    plain = Item(
        f"sea-{number}", "sea", "plain", f"topic {number}", ({"role": "system", "content": "You know the sea."},
        {"role": "user", "content": f"Read this. {said}"}), "Answer: it does.", (), number,
        {"topic": f"topic {number}", "question": said}, ("topic", "question"),
    )  # fmt: skip
    return replace(plain, **changes)


def question(number: int, text: str) -> Item:
    return item(number, fields={"topic": f"topic {number}", "question": text})


ITEMS = [item(number) for number in range(12)]
SAME_ITEMS: dict[str, list[Item]] = {
    "a letter of an id": [item(0, id="sea-0x"), *ITEMS[1:]],
    "every id": [item(number, id=f"new-{number}") for number in range(12)],
    "another order": ITEMS[::-1],
    "other lines": [item(number, line=number + 40) for number in range(12)],
    "another task": [item(number, task="ocean") for number in range(12)],
    "another system turn and template": [
        item(number, messages=({"role": "user", "content": f"Now: {number}"},)) for number in range(12)
    ],
    "other points and references": [item(number, reference="x", points=(Point(("y",)),)) for number in range(12)],
    "another kind and topic": [
        item(number, kind="look-alike", topic="t", fields={**ITEMS[number].fields, "topic": f"other {number}"})
        for number in range(12)
    ],
    "capitals, blanks and signs that nobody sees": [
        question(number, f"  question {number} WHY does\u200b the s\u00adea rise") for number in range(12)
    ],
}
SOME_ITEMS: dict[str, list[Item]] = {
    "an item dropped": ITEMS[1:],
    "an item added": [*ITEMS, item(99)],
    "one half of a split file": ITEMS[:6],
    "all but one replaced": [ITEMS[0], *(item(number) for number in range(50, 60))],
    "one question reworded": [question(0, "What is rain?"), *ITEMS[1:]],
}


class TestWhatAnItemIs:
    """Which changes make another item. Eleven attempts were once forgotten because of one letter in an id."""

    @pytest.mark.parametrize("case", SAME_ITEMS)
    def test_the_same_items_are_known_whatever_stands_around_them(self, begun: Path, case: str) -> None:
        tried(begun, *"abcdefghijk", benchmark=tried_items.tried(ITEMS))
        renamed = tried_items.tried(SAME_ITEMS[case])
        assert tried(begun, "k", benchmark=renamed) == tuple("abcdefghijk"), "the same adapter, the same items"
        assert tried(begun, "l", benchmark=renamed) == tuple("abcdefghijkl")

    @pytest.mark.parametrize("case", SOME_ITEMS)
    def test_attempts_on_some_of_the_items_count_and_other_items_are_another_look(self, begun: Path, case: str) -> None:
        tried(begun, "a", "b", benchmark=tried_items.tried(ITEMS))
        assert tried(begun, "b", benchmark=tried_items.tried(SOME_ITEMS[case])) == ("a", "b", "b")

    def test_two_halves_count_for_the_whole(self, begun: Path) -> None:
        tried(begun, "a", benchmark=tried_items.tried(ITEMS[:6]))
        tried(begun, "b", benchmark=tried_items.tried(ITEMS[6:]))
        known = ledger.count(begun, tried_items.tried([*ITEMS, item(99)]))
        assert known is not None
        assert (known.number, known.untried, known.most) == (2, 1, 1)

    def test_other_items_in_the_same_frame_are_other_items(self, begun: Path) -> None:
        tried(begun, "a", "b", benchmark=tried_items.tried(ITEMS))
        fresh = tried_items.tried(item(number) for number in range(100, 112))
        assert tried(begun, "c", benchmark=fresh) == ("c",)

    def test_items_that_differ_in_their_topic_alone_are_told_apart_by_it(self) -> None:
        same = [item(number, fields={"topic": f"topic {number}", "question": "Why?"}) for number in range(5)]
        assert len(tried_items.tried(same).items) == 5

    def test_no_text_of_an_item_is_in_the_ledger(self, begun: Path) -> None:
        tried(begun, "a", benchmark=tried_items.tried(ITEMS))
        assert not [word for word in ("the sea", "rise", "uestion") if word in begun.read_text(encoding="utf-8")]


OLD = {"adapter": "5e555fc8", "release": "v3", "run_id": "run_1", "at": 1.0}


def first_form(path: Path, benchmark: str, **changes: str) -> None:
    with path.open("a", encoding="utf-8") as stream:
        stream.write(json.dumps({"benchmark": benchmark, **OLD, **changes}) + "\n")


class TestLinesOfTheFirstForm:
    def test_the_committed_ledger_counts_the_candidate_and_the_two_adapters_of_one_task(self) -> None:
        spec = load.load(ROOT / "data" / "v3" / "release.toml")
        known = ledger.count(spec.ledger, tried_items.of_adapter(spec, spec.candidate))
        assert known is not None
        assert (known.number, known.untried) == (3, 0)

    def test_they_are_the_attempts_of_the_benchmark_that_they_name(self, begun: Path) -> None:
        first_form(begun, BENCH.whole)
        assert tried(begun, "5e555fc8", "b") == ("5e555fc8", "b")

    def test_they_are_known_item_by_item_once_their_benchmark_was_tried_again(self, begun: Path) -> None:
        first_form(begun, BENCH.whole)
        tried(begun, "b")
        assert tried(begun, "c", benchmark=asked("tides")) == ("5e555fc8", "b", "c")
        assert tried(begun, "c", benchmark=asked("another")) == ("c",)

    def test_a_benchmark_that_nobody_knows_any_more_counts_for_every_item(self, begun: Path) -> None:
        first_form(begun, digests.of_value("who knows"))
        assert tried(begun, "b") == ("5e555fc8", "b")


class TestEdits:
    @pytest.fixture
    def kept(self, begun: Path) -> list[dict[str, Any]]:
        tried(begun, "a", "b")
        return [json.loads(line) for line in begun.read_text(encoding="utf-8").splitlines()]

    @pytest.mark.parametrize(
        ("line", "changes"),
        [
            (2, {"adapter": "b"}),
            (3, {"benchmark": digests.of_value("another")}),
            (1, {"items": ["0" * 16]}),
            (1, {"items": []}),
            (3, {"at": 2.0}),
            (3, {"seal": "0" * 64}),
        ],
        ids=["an adapter", "a benchmark", "other items", "no items", "a time", "a seal"],
    )
    def test_an_edited_line_is_named(
        self, begun: Path, kept: list[dict[str, Any]], line: int, changes: dict[str, Any]
    ) -> None:
        kept[line - 1] |= changes
        begun.write_text("".join(json.dumps(entry) + "\n" for entry in kept), encoding="utf-8")
        with pytest.raises(DataError, match=f"ledger.jsonl:{line}: was edited"):
            tried(begun, "c")

    @pytest.mark.parametrize("line", [1, 2, 3])
    def test_a_line_without_its_seal_is_none_of_the_first_form(
        self, begun: Path, kept: list[dict[str, Any]], line: int
    ) -> None:
        del kept[line - 1]["seal"]
        begun.write_text("".join(json.dumps(entry) + "\n" for entry in kept), encoding="utf-8")
        with pytest.raises(DataError, match=f"ledger.jsonl:{line}: has no seal"):
            tried(begun, "c")

    def test_texts_under_a_valid_seal_are_refused(self, begun: Path) -> None:
        ledger_file.add(begun, {"benchmark": BENCH.digest, "items": ["why does the sea rise"]})
        with pytest.raises(DataError, match=r"ledger\.jsonl:1: items must be digests"):
            tried(begun, "a")


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
    return replace(load.load(line.spec), ledger=begun, attempts=ledger.SPEND)


class TestSpending:
    def test_the_next_adapter_is_judged_at_what_is_left_for_it(self, spending: Spec, begun: Path) -> None:
        assert next_confidence(spending) == pytest.approx(1 - spent(ALPHA, 1))
        tried(begun, "a", "b", benchmark=tried_items.of_adapter(spending, spending.candidate))
        assert next_confidence(spending) == pytest.approx(1 - spent(ALPHA, 3))

    def test_attempts_on_other_benchmarks_spend_nothing(self, spending: Spec, begun: Path) -> None:
        tried(begun, "a", "b", benchmark=asked("another"))
        assert next_confidence(spending) == pytest.approx(1 - spent(ALPHA, 1))

    def test_reporting_spends_nothing(self, spending: Spec, begun: Path) -> None:
        reporting = replace(spending, attempts="report")
        tried(begun, "a", "b", benchmark=tried_items.of_adapter(spending, spending.candidate))
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
        tried(begun, *"abcdefg", benchmark=tried_items.of_adapter(spending, spending.candidate))
        with pytest.raises(SpecError, match="can never prove more than"):
            evaluation.check_provable(replace(spending, confidence=next_confidence(spending)), gates, sizes)

    def test_spending_without_a_ledger_is_refused_at_load(self, line: Line, tmp_path: Path) -> None:
        copied = line.copy(tmp_path / "line")
        copied.edit("[generation]", '[policy]\nattempts = "spend"\n\n[generation]')
        with pytest.raises(SpecError, match=r"policy\.ledger: missing"):
            load.load(copied.spec)

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
        assert list(regression.expected(load.load(line.spec), None)) == []


class TestTheReport:
    FIGURES: ClassVar[dict[str, Any]] = {
        "stated_error": 0.05,
        "mode": "report",
        "ceiling": 0.15,
        "if_independent": 0.142625,
    }

    def test_a_count_is_told_with_its_ceiling_and_its_source(self) -> None:
        told = attempts.line({"attempts": {**self.FIGURES, "adapters": 3}}, Say())
        assert "3 adapters; the stated 5.0% error is by now at most 15.0% (Boole's inequality), 14.3% if" in told

    def test_no_ledger_reads_unknown_and_not_one(self) -> None:
        assert "unknown, since no ledger counts them" in attempts.line(
            {"attempts": {**self.FIGURES, "adapters": "unknown"}}, Say()
        )

    def test_spending_tells_the_level(self) -> None:
        told = attempts.line(
            {"attempts": {**self.FIGURES, "adapters": 2, "mode": "spend", "judged_at_error": 0.0076}}, Say()
        )
        assert "judged at 0.760% error, its share of 5.0%" in told


def test_a_line_of_the_ledger_says_who_asked(begun: Path) -> None:
    tried(begun, "a")
    (entry,) = attempts_of(begun)
    assert {name: entry[name] for name in ("benchmark", "adapter", "release", "run_id")} == {
        "benchmark": BENCH.digest,
        "adapter": "a",
        "release": "line",
        "run_id": "run_1",
    }
