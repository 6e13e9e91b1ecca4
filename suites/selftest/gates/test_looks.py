"""A benchmark that is asked until its gates are settled: the order, the stop, what it costs, and a whole run of it."""

from __future__ import annotations

import random
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness import gates
from harness.dataset.item import Item
from harness.errors import EmptySetError, SpecError
from harness.gates import chances, evaluation, judging, looks
from harness.gates.gate import Gate
from harness.metrics import registry, scoring
from harness.releases import judged_items, ledger, tried_items
from harness.spec import load
from harness.spec.objects import Spec
from harness.spec.policy import ANYTIME
from harness.statistics import sequential
from harness.statistics.bounds import Bounds, mean_bounds
from harness.statistics.measurement import Measurement
from harness.statistics.sequential import course, evenly
from suites.sabotage.campaign import own
from suites.tiny.child import Finished, Line, release

COVERAGE = Gate(
    "eval.both.sea.coverage", "threshold", "c", True, "lower_bound", "coverage", 0.8,
    adapter="both", task="sea", split="benchmark",
)  # fmt: skip


def item(number: int, topic: str = "", task: str = "sea") -> Item:
    turns = ({"role": "user", "content": f"question {number}"},)
    return Item(f"{task}-{number}", task, "plain", topic or f"topic {number}", turns, "", (), number)


ITEMS = [item(number) for number in range(100)]


def names(staged: Sequence[Sequence[Item]]) -> list[list[str]]:
    return [[one.id for one in stage] for stage in staged]


class TestTheOrder:
    @given(st.randoms(use_true_random=False))
    @settings(max_examples=20)
    def test_it_is_the_same_in_whatever_order_the_file_stands(self, shuffled: random.Random) -> None:
        mixed = list(ITEMS)
        shuffled.shuffle(mixed)
        assert names(looks.stages(mixed, 16)) == names(looks.stages(ITEMS, 16))

    def test_no_id_changes_it(self) -> None:
        renamed = [replace(one, id=f"x{99 - number}") for number, one in enumerate(ITEMS)]
        lines = [[one.line for one in stage] for stage in looks.stages(renamed, 16)]
        assert lines == [[one.line for one in stage] for stage in looks.stages(ITEMS, 16)]

    def test_it_is_not_that_of_the_file(self) -> None:
        asked = [one.line for stage in looks.stages(ITEMS, 16) for one in stage]
        assert asked != sorted(asked)
        assert sorted(asked) == list(range(100))

    def test_no_stage_parts_a_cluster(self) -> None:
        clustered = [item(number, f"topic {number % 25}") for number in range(100)]
        for stage in looks.stages(clustered, 10):
            topics = [one.topic for one in stage]
            assert all(topics.count(topic) == 4 for topic in topics)

    def test_what_was_asked_before_is_the_first_look_of_a_benchmark_that_grew(self) -> None:
        """In the order of the digests alone a second look would be at other items than the first."""
        before = {(one.task, one.id) for one in ITEMS[:40]}
        first, *rest = looks.stages([*ITEMS, item(200, "topic 3")], 16, before)
        assert {one.id for one in first} == {one.id for one in ITEMS[:40]} | {"sea-200"}
        assert names(rest) == names(looks.stages(ITEMS[40:], 16))

    def test_a_ledger_knows_what_of_it_was_asked_before(self, tmp_path: Path) -> None:
        path = tmp_path / "ledger.jsonl"
        path.touch()
        some, all_of_them, others = (tried_items.tried(one) for one in (ITEMS[:40], ITEMS, ITEMS[30:]))
        for adapter, benchmark in (("a", some), ("b", all_of_them), ("a", others), ("a", all_of_them)):
            ledger.record(path, benchmark, adapter, "line", "run_1")
        known = ledger.count(path, all_of_them)
        assert known is not None
        assert known.asked_before("a", all_of_them) == some.items | others.items
        assert known.asked_before("b", all_of_them) == frozenset()

    def test_tasks_with_one_topic_are_two_clusters(self) -> None:
        both = [item(1, "tides"), item(2, "tides", "shore")]
        assert len(looks.stages(both, 1)) == 2


def asked(wrong: set[int], gate: Gate = COVERAGE, size: int = 10, items: Sequence[Item] = tuple(ITEMS)) -> int:
    """Items asked of a model that is wrong on these lines."""

    def bounds_of(gate: Gate, seen: Sequence[Item]) -> Bounds:
        return mean_bounds([float(one.line not in wrong) for one in seen], 0.95)

    return sum(len(stage) for stage in looks.until_settled(looks.stages(items, size), [gate], bounds_of))


class TestTheStop:
    def test_a_clear_pass_and_a_clear_failure_stop_early_and_a_doubt_asks_all(self) -> None:
        in_order = [one.line for stage in looks.stages(ITEMS, 10) for one in stage]
        assert asked(set()) == 20
        assert asked(set(range(100))) == 10
        assert asked(set(in_order[::5])) == 100

    def test_all_gates_must_be_settled_at_once(self) -> None:
        def bounds_of(gate: Gate, seen: Sequence[Item]) -> Bounds:
            settled = Bounds(0.9, 1.0)
            in_doubt = Bounds(0.5, 1.0)
            first = gate.metric == "coverage"
            return settled if (len(seen) < 20) == first or len(seen) >= 40 else in_doubt

        two = [COVERAGE, replace(COVERAGE, metric="format")]
        assert len(list(looks.until_settled(looks.stages(ITEMS, 10), two, bounds_of))) == 4

    def test_a_gate_of_which_nothing_was_asked_is_not_settled(self) -> None:
        def bounds_of(gate: Gate, seen: Sequence[Item]) -> Bounds:
            if len(seen) < 50:
                raise EmptySetError("nothing of it")
            return Bounds(0.9, 1.0)

        assert len(list(looks.until_settled(looks.stages(ITEMS, 10), [COVERAGE], bounds_of))) == 5

    def test_every_task_is_asked_something(self) -> None:
        rare = [*ITEMS, item(200, task="shore")]
        staged = list(looks.until_settled(looks.stages(rare, 10), [COVERAGE], lambda gate, seen: Bounds(0.9, 1.0)))
        assert "shore" in {one.task for stage in staged for one in stage}

    def test_without_a_gate_that_decides_everything_is_asked(self) -> None:
        assert len(list(looks.until_settled(looks.stages(ITEMS, 10), [], lambda gate, seen: Bounds(0.9, 1.0)))) == 10

    def test_blocking_gates_decide_and_advisory_ones_where_none_blocks(self) -> None:
        advises = replace(COVERAGE, id="other", blocking=False)
        others = [replace(COVERAGE, split="parity"), replace(COVERAGE, adapter="sea"), replace(COVERAGE, rule="point")]
        assert looks.deciding([COVERAGE, advises, *others], "both") == [COVERAGE]
        assert looks.deciding([advises, *others], "both") == [advises]


class TestTheBounds:
    def test_a_share_is_bounded_by_betting_where_it_may_be_looked_at_at_any_time(self) -> None:
        scored = [scoring.Scored(one, "", float(one.line > 2)) for one in ITEMS]
        metric = registry.METRICS["refused"]
        once, anytime = (scoring.measure(metric, scored, 0.95, {}, kind) for kind in ("share", "mean"))
        assert (once.anytime, anytime.anytime) == (False, True)
        assert anytime.lower_bound is not None
        assert once.lower_bound is not None
        assert anytime.lower_bound < once.lower_bound

    def test_the_advice_is_to_go_on_where_that_is_safe_and_says_what_it_costs_where_it_is_not(self) -> None:
        measured = Measurement(0.85, 40, 0.75, 0.93, sources={})
        once = judging.judge(replace(COVERAGE, metric="refused"), measured, 0.95).message
        assert "This look is spent" in once
        assert "counts as another attempt" in once
        again = judging.judge(COVERAGE, replace(measured, anytime=True), 0.95).message
        assert "keep these, add items of new topics, and look again" in again
        assert "spent" not in again

    def test_items_that_the_anytime_advice_names_do_settle_it(self) -> None:
        measured = replace(Measurement(0.875, 40, 0.7, 0.95, sources={}), anytime=True)
        message = judging.judge(COVERAGE, measured, 0.95).message
        needed = int(message.partition(" held, ")[2].split()[0])
        right = round(0.875 * needed)
        assert mean_bounds([1.0] * (right + 1) + [0.0] * (needed - right - 1), 0.95).lower > 0.8


class TestTheCourse:
    @pytest.mark.parametrize("threshold", [0.5, 0.8, 0.85, 0.9, 0.95])
    @pytest.mark.parametrize("n", [60, 144, 384])
    @pytest.mark.parametrize("size", [1, 8, 64])
    def test_no_number_of_looks_passes_a_bad_model_more_often_than_stated(
        self, threshold: float, n: int, size: int
    ) -> None:
        assert course(evenly(n, size), threshold, threshold, 0.95).passes <= 0.05

    def test_one_look_is_the_fixed_bound(self) -> None:
        from harness.statistics.power import pass_chance

        assert course((124,), 0.9, 0.97, 0.95).passes == pytest.approx(pass_chance(124, 0.9, 0.97, 0.95, "mean"))

    def test_more_looks_ask_less_and_pass_a_good_model_no_less_often(self) -> None:
        once, often = (course(evenly(200, size), 0.85, 0.97, 0.95) for size in (200, 20))
        assert often.asked < 0.6 * once.asked
        assert often.passes >= once.passes

    @pytest.mark.parametrize("n_looks", [(), (0, 3), (5, 5), (8, 3)])
    def test_looks_must_ascend(self, n_looks: tuple[int, ...]) -> None:
        with pytest.raises(ValueError, match="must ascend"):
            course(n_looks, 0.9, 0.9, 0.95)

    def test_looks_end_with_the_last_item(self) -> None:
        assert evenly(10, 4) == (4, 8, 10)
        assert evenly(8, 4) == (4, 8)
        assert sequential.evenly(3, 4) == (3,)


@pytest.fixture
def anytime(line: Line, tmp_path: Path) -> Spec:
    copied = line.copy(tmp_path / "line")
    copied.edit("[generation]", '[policy]\nlooks = "anytime"\n\n[generation]')
    return load.load(copied.spec)


class TestTheSpec:
    def test_the_default_asks_once(self, line: Line) -> None:
        assert load.load(line.spec).looks == "once"

    def test_a_plan_tells_what_a_gate_asks_and_how_often_it_errs(self, anytime: Spec) -> None:
        expected = gates.expected(anytime)
        sizes = evaluation.sizes(anytime, expected)
        found = {one.gate.id: one for one in chances.of_gates(expected, sizes, 0.95, anytime.batch_size)}
        one = found["eval.both.all.coverage"]
        assert one.asked is not None
        assert one.asked < one.n
        assert one.bad <= 0.05
        assert found["eval.both.all.refused"].kind == "mean"

    def test_a_threshold_that_betting_can_never_prove_is_refused(self, anytime: Spec) -> None:
        """Ten of ten prove a share above 0.74 by Clopper-Pearson; by betting 0.63."""
        row = replace(anytime.gates.eval[-2], task="sea", above={"refused": 0.7}, expected={})
        for spec, provable in ((replace(anytime, looks="once"), True), (anytime, False)):
            asks = replace(spec, gates=replace(spec.gates, eval=(row,)))
            expected = gates.expected(asks)
            if provable:
                evaluation.check_provable(asks, expected, evaluation.sizes(asks, expected))
                continue
            with pytest.raises(SpecError, match="can never prove"):
                evaluation.check_provable(asks, expected, evaluation.sizes(asks, expected))

    def test_forms_of_a_gguf_file_are_not_compared_on_a_part(self, line: Line, tmp_path: Path) -> None:
        copied = line.copy(tmp_path / "line")
        copied.edit("[generation]", f'[policy]\nlooks = "{ANYTIME}"\n\n[generation]')
        copied.edit("[gates.bundle]", "[gates.gguf]\nblocking = false\n\n[gates.bundle]")
        with pytest.raises(SpecError, match=r"policy\.looks"):
            load.load(copied.spec)


def test_a_whole_run_stops_when_its_gates_are_settled_and_a_second_one_finds_the_same(
    line: Line, green: Finished, tmp_path: Path
) -> None:
    """The adapters are the green run's where there was one; the answers are asked in stages of eight."""
    spoilt = own(line, tmp_path / "own")
    shutil.rmtree(spoilt.out / "releases")  # nothing to be compared with: it was asked otherwise
    spoilt.edit("coverage = 0.5, refused = 0.5 }", "coverage = 0.3, refused = 0.3 }")
    spoilt.edit("format = 0.5, refused = 0.5, answered = 0.5 }", "format = 0.5, refused = 0.4, answered = 0.3 }")
    spoilt.edit("[generation]\nbatch_size = 16", '[policy]\nlooks = "anytime"\n\n[generation]\nbatch_size = 8')
    first = release(spoilt, "first")
    shutil.rmtree(first.release)
    second = release(spoilt, "second", "--rescore")
    assert (first.status, second.status) == (0, 0), first.output[-2000:] + second.output[-2000:]
    gate = first.gate("eval.both.all.coverage")
    assert gate["n"] < 28
    assert f"asked {gate['n']} of 28" in gate["message"]
    shown = ("id", "value", "lower_bound", "n", "outcome")
    tables = [
        {one["id"]: [one[name] for name in shown] for one in run.verdict["gates"] if one["area"] == "eval"}
        for run in (first, second)
    ]
    assert tables[0] == tables[1]
    told = {(one["adapter"], one["task"]): (one["asked"], one["of"]) for one in first.verdict["asked"]}
    assert set(told) == {("both", "sea"), ("both", "shore"), ("sea", "sea")}
    assert all(some <= of for some, of in told.values())
    assert sum(some for (name, _), (some, _) in told.items() if name == "both") < 48
    assert "both on sea: asked" in (second.release / "report.md").read_text(encoding="utf-8")
    kept = judged_items.read(second.release / judged_items.FILE)
    assert len(kept) == told["both", "sea"][0] + told["both", "shore"][0]
