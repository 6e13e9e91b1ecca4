"""What is made of the measurements: samples, limits, losses, the step where quality went, and the advice."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness import gates
from harness.dataset.item import Item, Point
from harness.errors import EmptySetError, SpecError
from harness.fidelity import attribution, task_loss
from harness.fidelity import summary as logit_parity
from harness.fidelity.attribution import Row
from harness.fidelity.sample import thirds
from harness.fidelity.summary import Estimate, Summary
from harness.fidelity.token_ids import Reading, differing_items, explain
from harness.gates import fidelity, judging
from harness.gates.gate import Gate
from harness.metrics import registry
from harness.metrics.metric import Forms
from harness.spec import load
from harness.spec.gguf import GgufGates
from suites.tiny.child import Line

KINDS = ("plain", "alike", "unsafe", "empty")


def item(number: int, kind: str = "plain", task: str = "sea") -> Item:
    found = Item(f"{task}-{number}", task, kind, f"topic {number}", (), "said", (Point(("rises twice",)),), line=number)
    return replace(found, must_refuse=kind in ("unsafe", "empty"), look_alike=kind == "alike")


@settings(deadline=None, max_examples=50)
@given(st.lists(st.sampled_from(KINDS), max_size=60), st.integers(1, 30), st.randoms())
def test_a_sample_depends_on_the_items_and_not_on_their_order(kinds: list[str], size: int, chance: object) -> None:
    items = [item(number, kind) for number, kind in enumerate(kinds)]
    found = thirds(items, size)
    chance.shuffle(items)  # type: ignore[attr-defined]
    assert thirds(items, size) == found
    assert len({one.id for one in found}) == len(found) == min(size, len(items))


@settings(deadline=None, max_examples=30)
@given(st.integers(8, 60), st.integers(8, 60), st.integers(8, 60))
def test_a_third_of_a_sample_concerns_each_metric(plain: int, alike: int, refuse: int) -> None:
    kinds = ["plain"] * plain + ["alike"] * alike + ["unsafe", "empty"] * (refuse // 2)
    found = thirds((item(number, kind) for number, kind in enumerate(kinds)), 24)
    refused = sum(one.must_refuse for one in found)
    assert refused == 8
    assert sum(one.look_alike for one in found) == 8


def test_readers_that_agree_on_every_item_have_nothing_to_explain() -> None:
    same = Reading("a", "prompt", {"training": (1, 2), "transformers": [1, 2], "llama.cpp": [1, 2]})
    assert same.same
    assert differing_items([same]) == []


def test_a_second_beginning_in_one_reader_is_shown_where_it_stands() -> None:
    ids = (1, 9690, 198, 2683)
    reading = Reading("style-001", "prompt", {"training": ids, "transformers": ids, "llama.cpp": (1, *ids)})
    assert differing_items([reading, replace(reading, part="answer")]) == ["style-001"]
    assert explain(reading) == (
        "style-001 prompt: token 1 is 9690 in training and 1 in llama.cpp (1 9690 198 2683 | 1 1 9690 198 2683; "
        "4 and 5 tokens)"
    )


def test_an_end_that_one_reader_leaves_out_is_counted() -> None:
    reading = Reading("a", "answer", {"training": (5, 6, 2), "llama.cpp": (5, 6)})
    assert explain(reading) == "a answer: 3 tokens in training, 2 in llama.cpp"


def summary(kl: float, error: float, same_top: float = 0.99) -> Summary:
    one = Estimate(1.0, 0.1)
    return Summary(48, 48, 3000, Estimate(kl, error), one, one, Estimate(same_top, error), one)


@pytest.mark.parametrize(
    ("kl", "error", "holds"), [(0.05, 0.01, 1.0), (0.14, 0.01, 0.0), (0.16, 0.001, 0.0), (0.01, math.inf, 0.0)]
)
def test_the_bound_of_a_divergence_is_judged_and_not_its_value(kl: float, error: float, holds: float) -> None:
    found = logit_parity.within(summary(kl, error), 0.15, 0.95, {})
    assert found.value == holds
    assert "at most 0.15 is allowed" in found.message


@pytest.mark.parametrize(("share", "error", "holds"), [(0.98, 0.005, 1.0), (0.955, 0.005, 0.0), (0.9, 0.001, 0.0)])
def test_the_bound_of_the_same_first_tokens_is_judged_and_not_their_share(
    share: float, error: float, holds: float
) -> None:
    assert logit_parity.agrees(summary(0.0, error, share), 0.95, 0.95, {}).value == holds


@pytest.mark.parametrize(("kind", "largest"), [("F16", 1e-3), ("BF16", 1e-3), ("Q8_0", 1e-2), ("Q4_0", 0.15)])
def test_the_limit_of_a_divergence_goes_by_the_precision(kind: str, largest: float) -> None:
    assert GgufGates().largest_kl(kind) == largest


def test_limits_of_the_spec_replace_the_defaults() -> None:
    found = GgufGates(blocking=True, quantization="Q8_0", max_kl_8_bit=0.5, sample=3)
    assert (found.largest_kl("Q8_0"), found.sample, found.max_kl_f16) == (0.5, 3, 1e-3)


FORMS = {"sea": Forms("Answer: .*", "Declined: .*")}
RIGHT, WRONG = "It rises twice.", "It falls."


def losses(worse: int, same: int) -> task_loss.Comparison:
    items = [item(number) for number in range(worse + same)]
    before = {f"sea/{one.id}": RIGHT for one in items}
    after = {f"sea/{one.id}": WRONG if number < worse else RIGHT for number, one in enumerate(items)}
    found = task_loss.pairs(registry.METRICS["coverage"], items, before, after, FORMS)
    return task_loss.compare("coverage", found, 0.25, 0.95)


NOT_LOST = Gate("gguf.q4.coverage_not_lost", "not_lost", "q4", False, "not_worse", "coverage", -0.25)


@pytest.mark.parametrize(
    ("worse", "same", "outcome"),
    [(0, 16, "passed"), (0, 12, "inconclusive"), (4, 12, "inconclusive"), (14, 2, "failed")],
)
def test_a_form_must_show_that_it_lost_no_more_than_the_margin(worse: int, same: int, outcome: str) -> None:
    measured = task_loss.measurement(losses(worse, same), "the sample", {"adapter": "a"})
    judgement = judging.judge(NOT_LOST, measured, 0.95)
    assert judgement.outcome == outcome
    assert f"{worse} answers turned worse, 0 better, {same} stayed" in judgement.message


@pytest.mark.parametrize(("worse", "same", "kept"), [(0, 16, True), (0, 12, False), (4, 12, False), (14, 2, False)])
def test_a_form_of_which_too_little_is_known_is_not_said_to_have_kept_its_quality(
    worse: int, same: int, kept: bool
) -> None:
    assert (task_loss.why_not_kept(losses(worse, same), 0.25) == "") is kept


def test_an_answer_that_turned_from_right_to_wrong_is_shown_with_both_texts() -> None:
    (shown, *_) = task_loss.measurement(losses(3, 20), "the sample", {}).wrong
    assert shown == f"sea-0 (1.00 -> 0.00): was {RIGHT!r}, is {WRONG!r}"


def test_a_metric_that_concerns_no_item_is_an_error() -> None:
    with pytest.raises(EmptySetError, match="refused concerns none"):
        task_loss.pairs(registry.METRICS["refused"], [item(1)], {}, {}, FORMS)


ADAPTER = Row("adapter", "as trained", kl=0.0, scores={"coverage": 0.98}, size=500 << 20, speed=100.0)
MERGED = Row("merged", "merged, float32", kl=1e-9, scores={"coverage": 0.98}, size=500 << 20)
F16 = Row("f16", "GGUF F16", kl=6e-6, scores={"coverage": 0.98}, size=258 << 20, speed=60.0, fit=True)
Q4 = Row("q4", "GGUF Q4_0", kl=0.057, scores={"coverage": 0.95}, size=87 << 20, speed=120.0, fit=True)
NF4 = Row("nf4", "NF4 + adapter", kl=0.001, scores={"coverage": 0.98}, size=110 << 20, fit=True, deployed=True)


def test_loss_is_laid_to_the_step_that_made_it() -> None:
    said = attribution.lost_at(attribution.steps([ADAPTER, MERGED, F16, Q4]))
    assert said == "Quality was lost at f16 -> q4 (+0.057 nats a token, coverage -0.030)."


def test_a_conversion_that_broke_the_model_is_not_laid_to_quantizing() -> None:
    rows = [ADAPTER, MERGED, replace(F16, kl=2.0), replace(Q4, kl=2.0)]
    assert attribution.lost_at(attribution.steps(rows)).startswith("Quality was lost at merged -> f16 (+2 nats")


def test_faithful_steps_lost_nothing() -> None:
    assert (
        attribution.lost_at(attribution.steps([ADAPTER, MERGED, F16])) == "No step lost more than 0.001 nats a token."
    )


def test_the_smallest_form_that_kept_its_quality_is_recommended() -> None:
    said = attribution.recommend([ADAPTER, MERGED, NF4, F16, Q4])
    assert said.startswith("Ship GGUF Q4_0: 87 MiB, 120 tokens/s, 0.057 nats a token from the adapter as trained;")
    assert "name this one in release.deploy" in said


def test_a_form_that_lost_its_adapter_is_never_recommended() -> None:
    said = attribution.recommend([ADAPTER, NF4, F16, replace(Q4, fit=False, why="the adapter did not survive")])
    assert said.startswith("Ship NF4 + adapter: 110 MiB")
    assert "Do not ship GGUF Q4_0 (the adapter did not survive)." in said


def test_nothing_is_recommended_where_nothing_is_fit() -> None:
    said = attribution.recommend([ADAPTER, replace(Q4, fit=False, why="coverage was lost")])
    assert said == "Ship none of the measured forms: GGUF Q4_0 (coverage was lost)."


DEPLOY_GGUF = ('deploy = "nf4"', 'deploy = "gguf"')
BNB = '[gates.bnb]\nblocking = true\nmounts = ["both"]\n'


def _gates(line: Line, tmp_path: Path, table: str, *, deploy: bool = False) -> dict[str, Gate]:
    copied = line.copy(tmp_path / "line")
    if deploy:
        copied.edit(*DEPLOY_GGUF)
        copied.edit(BNB, "")
    copied.edit("[gates.bundle]", f"{table}\n\n[gates.bundle]")
    return {gate.id: gate for gate in gates.expected(load.load(copied.spec))}


def test_parity_advises_unless_the_file_is_what_ships(line: Line, tmp_path: Path) -> None:
    found = _gates(line, tmp_path, "[gates.gguf]")
    assert found["gguf.q4.adapter_survives"].rule == "not_worse"
    assert {gate.blocking for gate in found.values() if gate.area == "gguf"} == {False}


def test_the_file_that_ships_must_read_the_same_tokens_and_hold_its_adapter(line: Line, tmp_path: Path) -> None:
    found = _gates(line, tmp_path, "[gates.gguf]", deploy=True)
    blocking = {name for name, gate in found.items() if gate.area == "gguf" and gate.blocking}
    assert {"gguf.q4.token_parity", "gguf.q4.adapter_survives"} <= blocking
    assert not any(name.startswith("gguf.f16.") for name in blocking)
    assert found["gguf.q4.coverage_not_lost"].threshold == -0.10
    assert found["gguf.f16.coverage_not_lost"].threshold == -0.25


def test_one_word_makes_every_gate_of_the_files_block(line: Line, tmp_path: Path) -> None:
    found = _gates(line, tmp_path, "[gates.gguf]\nblocking = true")
    assert all(gate.blocking for gate in found.values() if gate.area == "gguf")


def test_a_form_is_compared_by_the_metrics_that_the_candidate_is_judged_by(line: Line) -> None:
    assert fidelity.metrics_of(load.load(line.spec)) == ("coverage", "format", "refused", "answered")


def test_shipping_a_file_without_its_gates_is_refused(line: Line, tmp_path: Path) -> None:
    copied = line.copy(tmp_path / "line")
    copied.edit(*DEPLOY_GGUF)
    copied.edit(BNB, "")
    with pytest.raises(SpecError, match=r"gates\.gguf: missing"):
        gates.expected(load.load(copied.spec))


def test_shipping_a_file_and_judging_mounts_is_refused(line: Line, tmp_path: Path) -> None:
    copied = line.copy(tmp_path / "line")
    copied.edit(*DEPLOY_GGUF)
    copied.edit("[gates.bundle]", "[gates.gguf]\n\n[gates.bundle]")
    with pytest.raises(SpecError, match=r"gates\.bnb: judges adapters on a 4-bit base"):
        gates.expected(load.load(copied.spec))
