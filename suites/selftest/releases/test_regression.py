"""A comparison with an earlier release tells a loss from chance, and a spec that asks less is told in words."""

from __future__ import annotations

import json
import os
import shutil
import tomllib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.dataset.item import Item, Point
from harness.errors import DataError, EmptySetError, SpecError
from harness.gates import judging
from harness.gates.gate import Gate
from harness.metrics import Forms, paired, registry
from harness.metrics.paired import compare
from harness.project import ROOT
from harness.releases import bundle, earlier, judged_items
from harness.releases.earlier import Earlier
from harness.releases.regression import NothingInCommonError, gone, measurement, pair_up
from harness.releases.weakened import weaker
from harness.spec import load
from harness.statistics import bounds as statistics
from harness.statistics import paired_power
from suites.selftest.releases.small_bundle import write_adapter

GOOD, BAD = "Answer: it rises.", "Answer: who knows."
FORMS = {"sea": Forms(r"Answer: .*", r"Declined\..*")}
MARGIN, CONFIDENCE = 0.10, 0.95
NOT_WORSE = Gate("regression.both.coverage", "not_worse", "both", True, "not_worse", "coverage", -MARGIN)


def item(number: int, **changes: Any) -> Item:
    plain = Item(
        id=f"sea-{number:03d}",
        task="sea",
        kind="plain",
        topic=f"topic {number}",
        messages=({"role": "user", "content": f"question {number}"},),
        reference=GOOD,
        points=(Point(("rises",)),),
        line=number,
        fields={"chapter": f"ch{number % 2}"},
    )
    return replace(plain, **changes)


def released(items: list[Item], bad: int = 0, **changes: Any) -> Earlier:
    """A release that answered the first `bad` items badly."""
    texts = answers(items, bad)
    plain = Earlier(Path("out"), "line", "run_1", "both", (), {}, judged_items.judge(items, texts, FORMS))
    return replace(plain, **changes)


def answers(items: list[Item], bad: int) -> dict[tuple[str, str], str]:
    return {(one.task, one.id): BAD if number < bad else GOOD for number, one in enumerate(items)}


def judged(items: list[Item], was_bad: int, is_bad: int) -> judging.Judgement:
    before = released(items, was_bad)
    pairs = pair_up(registry.METRICS["coverage"], items, answers(items, is_bad), before, FORMS)
    found = compare("coverage", pairs, MARGIN, CONFIDENCE)
    return judging.judge(NOT_WORSE, measurement(found, before, 0, {"adapter": "a"}), CONFIDENCE)


ITEMS = [item(number) for number in range(120)]


class TestTheGate:
    @pytest.mark.parametrize(
        ("was_bad", "is_bad", "outcome"),
        [(0, 0, "passed"), (3, 0, "passed"), (0, 2, "passed"), (0, 8, "inconclusive"), (0, 40, "failed")],
        ids=["the same", "better", "two worse", "eight worse", "a third worse"],
    )
    def test_only_a_loss_that_could_reach_the_margin_is_not_passed(
        self, was_bad: int, is_bad: int, outcome: str
    ) -> None:
        assert judged(ITEMS, was_bad, is_bad).outcome == outcome

    def test_few_items_prove_nothing_even_where_all_answers_are_equal(self) -> None:
        assert judged(ITEMS[:20], 0, 0).outcome == "inconclusive"

    def test_the_message_shows_what_turned_bad_with_both_answers(self) -> None:
        message = judged(ITEMS, 0, 40).message
        assert f"sea-000 (1.00 -> 0.00): was {GOOD!r}, is {BAD!r}" in message

    def test_the_message_says_how_many_items_would_settle_it(self) -> None:
        assert "items in all would show it to be no worse" in judged(ITEMS, 0, 8).message

    def test_the_items_that_settle_it_do(self) -> None:
        """The same share of losses, at the size that was named and at one item less."""
        settled = paired_power.settle_differences([-1.0] * 3 + [0.0] * 57, MARGIN, CONFIDENCE)
        assert settled is not None
        for n, proved in ((settled, True), (settled - 1, False)):
            assert paired_power.proves_not_worse(n / 20, n * 19 / 20, 0, MARGIN, CONFIDENCE) is proved

    def test_a_loss_of_the_margin_is_never_settled(self) -> None:
        assert paired_power.settle_differences([-1.0] + [0.0] * 9, MARGIN, CONFIDENCE) is None

    def test_the_equal_items_that_a_margin_needs_are_enough_and_one_less_is_not(self) -> None:
        needed = paired_power.equal_items_needed(MARGIN, CONFIDENCE)
        outcomes = [judged([item(k) for k in range(n)], 0, 0).outcome for n in (needed - 1, needed)]
        assert outcomes == ["inconclusive", "passed"]


class TestPairs:
    def test_earlier_answers_are_scored_by_todays_metrics(self) -> None:
        """The record says 0.0 for an answer that today's scoring finds right."""
        before = released(ITEMS)
        before = replace(before, items=tuple(replace(one, scores={"coverage": 0.0}) for one in before.items))
        pairs = pair_up(registry.METRICS["coverage"], ITEMS, answers(ITEMS, 0), before, FORMS)
        assert {pair.difference for pair in pairs} == {0.0}

    @pytest.mark.parametrize(
        "changed",
        [
            {"messages": ({"role": "user", "content": "another question"},)},
            {"points": (Point(("who knows",)),)},
            {"kind": "hard"},
            {"id": "sea-999"},
        ],
        ids=lambda changed: next(iter(changed)),
    )
    def test_an_item_that_asks_or_wants_something_else_is_no_pair(self, changed: dict[str, Any]) -> None:
        today = [replace(ITEMS[0], **changed), *ITEMS[1:3]]
        before = released(ITEMS[:3])
        pairs = pair_up(registry.METRICS["coverage"], today, answers(today, 0), before, FORMS)
        assert [pair.item.id for pair in pairs] == ["sea-001", "sea-002"]
        assert gone(today, before) == 1

    @pytest.mark.parametrize("before", [released([]), released([item(500)])], ids=["kept no items", "other items"])
    def test_nothing_in_common_is_an_error_that_names_the_mend(self, before: Earlier) -> None:
        with pytest.raises(NothingInCommonError, match="accept_weaker"):
            pair_up(registry.METRICS["coverage"], ITEMS, answers(ITEMS, 0), before, FORMS)

    def test_no_pairs_have_no_mean(self) -> None:
        with pytest.raises(EmptySetError):
            compare("coverage", [], MARGIN, CONFIDENCE)

    def test_items_of_one_topic_count_once(self) -> None:
        items = [replace(one, topic="the same") for one in ITEMS]
        pairs = pair_up(registry.METRICS["coverage"], items, answers(items, 0), released(items), FORMS)
        assert compare("coverage", pairs, MARGIN, CONFIDENCE).n == 1


class TestSlices:
    def compared(self, n: int, bad: int) -> paired.Comparison:
        items = [item(number) for number in range(n)]
        pairs = pair_up(registry.METRICS["coverage"], items, answers(items, bad), released(items), FORMS)
        return compare("coverage", pairs, MARGIN, CONFIDENCE)

    def test_a_loss_in_one_chapter_shows_in_its_slice(self) -> None:
        items = [item(number) for number in range(200)]
        worse = {(one.task, one.id): BAD if one.fields["chapter"] == "ch1" else GOOD for one in items}
        pairs = pair_up(registry.METRICS["coverage"], items, worse, released(items), FORMS)
        found = compare("coverage", pairs, MARGIN, CONFIDENCE)
        tells = {one.value: one.tells for one in found.slices if one.dimension == "chapter"}
        assert tells == {"ch0": "not worse", "ch1": "worse"}

    def test_a_small_slice_is_too_small_to_tell(self) -> None:
        tells = {one.tells for one in self.compared(20, 1).slices if one.dimension == "chapter"}
        assert tells == {"too small to tell"}

    def test_slices_of_a_few_items_are_counted_and_not_listed(self) -> None:
        found = self.compared(20, 0)
        assert found.unlisted == {"topic": 20}
        assert "topic" not in {one.dimension for one in found.slices}

    def test_a_dimension_that_no_item_has_is_left_out(self) -> None:
        assert "scenario" not in {one.dimension for one in self.compared(20, 0).slices}

    @settings(deadline=None)
    @given(st.lists(st.sampled_from([-1.0, -0.5, 0.0, 0.5, 1.0]), min_size=1, max_size=40))
    def test_difference_bounds_contain_the_mean_and_turn_with_the_sign(self, differences: list[float]) -> None:
        bounds = statistics.difference_bounds(differences, CONFIDENCE)
        turned = statistics.difference_bounds([-one for one in differences], CONFIDENCE)
        assert bounds.lower - 1e-12 <= sum(differences) / len(differences) <= bounds.upper + 1e-12
        assert turned.lower == pytest.approx(-bounds.upper, abs=1e-9)


DEFAULT = load.load(ROOT / "data" / "v3" / "release.toml")
THRESHOLD = Gate("eval.both.all.coverage", "threshold", "c", True, "lower_bound", "coverage", 0.9)
MOUNT = Gate("bnb.both_lora_mount_ok", "lora_mount_ok", "both", True)
LEARNED = Gate("training.v3a.both.learned", "learned", "v3a-both", True)
GATES = (THRESHOLD, MOUNT, LEARNED, NOT_WORSE)
SIZES = {THRESHOLD.id: 120}
OWN = tomllib.loads(DEFAULT.path.read_text(encoding="utf-8"))
TABLE = {**OWN, "gates": {**OWN["gates"], "regression": {"margin": MARGIN}}}


def kept(gates: tuple[Gate, ...]) -> tuple[dict[str, Any], ...]:
    """Gates as a verdict holds them, each over 120 items."""
    names = ("id", "area", "blocking", "rule", "threshold")
    return tuple({**{name: getattr(gate, name) for name in names}, "n": 120} for gate in gates)


def without(gate: Gate) -> tuple[Gate, ...]:
    return tuple(one for one in GATES if one != gate)


def changed(gate: Gate, **fields: Any) -> tuple[Gate, ...]:
    return tuple(replace(one, **fields) if one == gate else one for one in GATES)


BEFORE = released([], gates=kept(GATES), table=TABLE)

WEAKER: dict[str, tuple[Callable[[], list[str]], str]] = {
    "lowered threshold": (lambda: now(changed(THRESHOLD, threshold=0.89)), "threshold 0.9, now 0.89"),
    "removed gate": (lambda: now(without(MOUNT)), "bnb.both_lora_mount_ok: removed"),
    "bare value": (lambda: now(changed(THRESHOLD, rule="point")), "rule lower_bound, now point"),
    "advice only": (lambda: now(changed(MOUNT, blocking=False)), "blocked the release, only advises now"),
    "lower confidence": (lambda: now(GATES, confidence=0.9), "policy.confidence: 0.95, now 0.9"),
    "smaller benchmark": (lambda: now(GATES, sizes={THRESHOLD.id: 119}), "over 120 items, now over 119"),
    "wider margin": (lambda: now(changed(NOT_WORSE, threshold=-0.2)), "threshold -0.1, now -0.2"),
    "errors no longer spent": (
        lambda: now(GATES, before=replace(BEFORE, table={**TABLE, "policy": {**OWN["policy"], "attempts": "spend"}})),
        "policy.attempts: spend, now report",
    ),
    "wider margin than a first release's": (
        lambda: now(changed(NOT_WORSE, threshold=-0.2), before=replace(BEFORE, gates=kept(without(NOT_WORSE)))),
        "gates.regression.margin: 0.1, now 0.2",
    ),
}


def now(
    gates: tuple[Gate, ...], confidence: float = 0.95, sizes: dict[str, int] = SIZES, before: Earlier = BEFORE
) -> list[str]:
    return weaker(before, replace(DEFAULT, confidence=confidence), gates, sizes)


class TestWeakerSpecs:
    @pytest.mark.parametrize("way", sorted(WEAKER))
    def test_each_way_to_ask_less_is_told_in_words_and_alone(self, way: str) -> None:
        tell, words = WEAKER[way]
        (told,) = tell()
        assert words in told

    def test_an_equal_spec_is_not_weaker(self) -> None:
        assert now(GATES) == []

    def test_asking_more_is_not_weaker(self) -> None:
        more = (replace(THRESHOLD, threshold=0.95), MOUNT, LEARNED, NOT_WORSE, replace(MOUNT, id="bnb.new"))
        assert now(more, confidence=0.99, sizes={THRESHOLD.id: 400}) == []

    @pytest.mark.parametrize("first", [False, True])
    def test_a_margin_of_another_area_is_not_that_between_releases(self, first: bool) -> None:
        of_a_file = replace(
            NOT_WORSE, id="gguf.q4.coverage_not_lost", check="not_lost", threshold=-0.25, blocking=False
        )
        before = replace(BEFORE, gates=kept(without(NOT_WORSE))) if first else BEFORE
        assert now((of_a_file, *GATES), before=before) == []

    def test_other_experiments_weaken_nothing(self) -> None:
        assert now(without(LEARNED)) == []


class TestJudgedItems:
    def test_what_is_written_reads_back_equal(self, tmp_path: Path) -> None:
        judged = judged_items.judge(ITEMS[:5], answers(ITEMS, 2), FORMS)
        (tmp_path / judged_items.FILE).write_text(judged_items.render(judged), encoding="utf-8")
        assert judged_items.read(tmp_path / judged_items.FILE) == judged

    @pytest.mark.parametrize(
        "spoiled",
        [
            {"answer": 3},
            {"scores": [1]},
            {"scores": {"coverage": 2.0}},
            {"scores": {"coverage": True}},
            {"more": 1},
        ],
        ids=str,
    )
    def test_a_line_of_another_shape_is_refused_with_its_number(self, tmp_path: Path, spoiled: dict[str, Any]) -> None:
        rows = [json.loads(row) for row in judged_items.render(released(ITEMS[:2]).items).splitlines()]
        path = tmp_path / judged_items.FILE
        path.write_text(json.dumps(rows[0]) + "\n" + json.dumps(rows[1] | spoiled) + "\n", encoding="utf-8")
        with pytest.raises(DataError, match=f"{judged_items.FILE}:2: "):
            judged_items.read(path)

    @pytest.mark.parametrize("value", [0.8, 0.5])
    def test_values_that_the_scores_do_not_give_are_named(self, value: float) -> None:
        items = released(ITEMS[:10], bad=2).items
        found = judged_items.contradictions(items, [{"id": "eval.both.all.coverage", "value": value}], "both")
        assert bool(found) == (value != 0.8), found

    def test_a_verdict_with_no_value_to_hold_against_them_contradicts(self) -> None:
        assert judged_items.contradictions(released(ITEMS[:3]).items, [], "both") != []

    def test_a_metric_that_no_kept_item_has_contradicts(self) -> None:
        gates = [{"id": "eval.both.all.refused", "value": 0.9}]
        assert judged_items.contradictions(released(ITEMS[:3]).items, gates, "both") != []


@pytest.fixture
def release(tmp_path: Path) -> Path:
    return publish(tmp_path / "out", "line-run_1")


def publish(out: Path, name: str, **fields: object) -> Path:
    """A bundle below ``out/releases`` with judged items and the candidate."""
    folder, run = out / "releases" / name, out / "runs" / name
    run.mkdir(parents=True)
    adapter = write_adapter(run / "adapter")
    bundle.stage({"both": adapter}, run / "staged", {judged_items.FILE: judged_items.render(released(ITEMS[:3]).items)})
    gates = [{**gate, "message": ""} for gate in kept(GATES)]
    paper = {"release": "line", "run_id": "run_1", "verdict": "released", "candidate_adapter": "both", "gates": gates}
    (run / "verdict.json").write_text(json.dumps(paper | fields), encoding="utf-8")
    (run / "release.toml").write_text("[policy]\nconfidence = 0.95\n", encoding="utf-8")
    bundle.publish(run / "staged", folder, [run / "verdict.json", run / "release.toml"], "both")
    return folder


class TestEarlierReleases:
    def test_without_any_nothing_is_compared(self, tmp_path: Path) -> None:
        assert earlier.find(None, tmp_path, "line", tmp_path) is None

    def test_the_newest_of_that_name_is_the_last(self, release: Path, tmp_path: Path) -> None:
        newer = publish(tmp_path / "out", "line-run_2", concluded_at="2026-11-26T10:00:00.000000+00:00")
        publish(tmp_path / "out", "line-run_3", concluded_at="2026-11-25T10:00:00.000000+00:00")
        publish(tmp_path / "out", "other-run_1", release="other")
        assert earlier.find(None, tmp_path / "out", "line", tmp_path) == newer

    def test_a_run_that_was_ended_before_it_published_released_nothing(self, release: Path, tmp_path: Path) -> None:
        shutil.rmtree(release)
        with pytest.raises(SpecError, match="its bundle was never published"):
            earlier.read(tmp_path / "out" / "runs" / "line-run_1")

    def test_a_touched_file_is_no_later_release(self, release: Path, tmp_path: Path) -> None:
        newer = publish(tmp_path / "out", "line-run_2", concluded_at="2026-11-26T10:00:00.000000+00:00")
        os.utime(newer / "verdict.json", ns=(1, 1))
        assert earlier.find(None, tmp_path / "out", "line", tmp_path) == newer

    def test_of_two_verdicts_without_a_time_the_later_run_id_is_the_last(self, release: Path, tmp_path: Path) -> None:
        later = publish(tmp_path / "out", "line-run_2", run_id="run_2")
        os.utime(later / "verdict.json", ns=(1, 1))
        assert earlier.find(None, tmp_path / "out", "line", tmp_path) == later

    def test_last_where_there_is_none_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(SpecError, match="leave the option out"):
            earlier.find("last", tmp_path, "line", tmp_path)

    def test_an_unknown_release_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(SpecError, match="'run_9' is no bundle"):
            earlier.find("run_9", tmp_path, "line", tmp_path)

    @pytest.mark.parametrize("wanted", ["line-run_1", "releases/line-run_1", "runs/line-run_1"])
    def test_a_bundle_and_a_run_give_the_same(self, release: Path, tmp_path: Path, wanted: str) -> None:
        place = earlier.find(wanted, tmp_path / "out", "line", tmp_path / "out")
        assert place is not None
        found = earlier.read(place)
        assert (found.name, found.items, len(found.gates)) == ("line-run_1", released(ITEMS[:3]).items, len(GATES))

    def test_a_damaged_bundle_is_refused(self, release: Path) -> None:
        (release / judged_items.FILE).write_text("{}\n", encoding="utf-8")
        with pytest.raises(SpecError, match="is damaged"):
            earlier.read(release)

    def test_what_was_refused_cannot_be_compared_with(self, tmp_path: Path) -> None:
        with pytest.raises(SpecError, match="was refused; only what was released"):
            earlier.read(publish(tmp_path / "out", "line-run_1", verdict="refused"))

    def test_a_verdict_of_another_shape_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(SpecError, match="is no release of greenrun"):
            earlier.read(publish(tmp_path / "out", "line-run_1", gates=[{"id": "x"}]))
