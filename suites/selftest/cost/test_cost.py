"""What a release costs: the arithmetic, what is known of each figure, and that measured rates go before estimates."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.engines import shape
from harness.project import ROOT
from harness.spec import load
from harness.spec.objects import Spec
from suites.cost import __main__ as written
from suites.cost import estimate, measured, plan, roofline, room, seconds, shapes, tables, tokens, work
from suites.cost.plan import Plan
from suites.cost.rates import UNKNOWN, Kind, Rate, Rates
from suites.cost.roofline import CARDS, LIKELY, LOW
from suites.cost.tokens import Tokens
from suites.gpu import random_base, random_checkpoint
from suites.gpu.scale import SCALES

H100, H200 = CARDS
SMALL = Plan(
    train={"a": 10, "b": 6},
    dev={"a": 5, "b": 3},
    benchmark={"a": 9, "b": 4},
    parity={"a": 2},
    adapters={"only-a": ("a",), "both": ("a", "b")},
    candidate="both",
    judged=(("only-a", "a"), ("both", "a"), ("both", "b")),
    mounts=("both",),
    epochs=(2, 3),
    batch=8,
    noise=3,
)
ONE = Tokens(sample=10.0, prompt=7.0, answer=3.0, longest=5)


def known(value: float, kind: Kind = Kind.MEASURED) -> Rate:
    return Rate(value, kind, "somewhere")


@pytest.fixture(scope="module")
def mission() -> Spec:
    return load.load(ROOT / "data" / "v3-qwen3" / "release.toml")


def on(card: str, **steps: dict[str, Any]) -> dict[str, Any]:
    """The result of a run on a card; every step measured, unless it says otherwise."""
    told = {"environment": {"figures": {"card": card}}, **{name.replace("_", "-"): one for name, one in steps.items()}}
    rows = [{"name": name, "status": "measured", "seconds": 40.0, **one} for name, one in told.items()]
    return {"device": "cuda", "date": "2026-01-02", "steps": rows}


def rounds(*paces: float) -> dict[str, Any]:
    own = [{"by": "own", "tokens_per_second": pace} for pace in paces]
    return {"figures": {"scale": "8b", "rounds": [*own, {"by": "plain", "tokens_per_second": 1.0}]}}


WHOLE = on(
    "NVIDIA H100 80GB HBM3",
    **{
        "8b-load": {"figures": {"scale": "8b", "seconds": 28.0}},
        "8b-qlora": rounds(4000.0, 5000.0, 4500.0),
        "8b-answers": {"figures": {"scale": "8b", "answers": 32, "tokens": 64, "seconds": {"bfloat16": [4.0, 2.0]}}},
        "8b-disk": {"figures": {"scale": "8b", "seconds": 20.0}},
    },
)


def test_the_page_is_what_specs_and_the_kept_result_say() -> None:
    assert (written.DOCS / "cost.md").read_text(encoding="utf-8") == written.shown(), "run python -m suites.cost"


def test_a_shape_by_its_configuration_is_that_of_its_checkpoint(tmp_path: Path) -> None:
    tiny = SCALES["tiny"]
    random_checkpoint.write(tiny, "cpu", tmp_path)
    read, computed = shape.read(tmp_path), shapes.of(tiny.config)
    norms_of_heads = 2 * tiny.config["num_hidden_layers"] * tiny.config["head_dim"]  # which Qwen3 has and Llama not
    assert replace(computed, weights=computed.weights + norms_of_heads) == read


def test_the_bases_are_as_large_as_they_are_called() -> None:
    real = sum(one.numel() for one in random_base.empty(SCALES["8b"], "bfloat16").parameters())
    assert shapes.BASES["8B"].weights == pytest.approx(real, rel=1e-5)
    assert shapes.BASES["70B"].weights == 70_553_706_496, "as published"


def test_work_is_counted_by_hand() -> None:
    done = work.of(SMALL, ONE)
    assert done.trainings == 3, "the candidate twice, the other adapter once"
    assert done.trained == ONE.sample * (2 * 16 + 3 * 16 + 3 * 10)
    lists = [5, 3, 5, 3, 9, 9, 4, 2, 8, 4, 3, 3]  # dev twice, benchmark, parity, a batch again, the sample again
    assert done.answers == sum(lists)
    assert done.answered == ONE.longest * (8 * len(lists) + 8 * 2), "nine items take two batches of eight"
    assert done.alone == ONE.longest * 8
    assert done.jobs == 3 + len(lists) + 2 + 1
    assert done.read == ONE.prompt * (sum(lists) + 8) + 4 * 6 * 2 * (ONE.prompt + ONE.answer)


def test_the_plan_of_a_spec_has_its_numbers(mission: Spec) -> None:
    found = plan.of(mission)
    assert (sum(found.train.values()), sum(found.benchmark.values()), found.epochs) == (59, 384, (3, 4, 5))
    assert found.judged == (
        ("style", "style"),
        ("writing", "writing"),
        ("multitask", "style"),
        ("multitask", "writing"),
    )
    assert found.mounts == ("style", "multitask")


@given(st.integers(16, 10**6))
def test_more_items_keep_the_tasks_proportion(number: int) -> None:
    more = plan.with_training_items(SMALL, number)
    assert sum(more.train.values()) == pytest.approx(number, abs=1)
    assert more.train["a"] / number == pytest.approx(10 / 16, abs=1 / number)
    assert (more.benchmark, plan.with_judged_items(SMALL, number).train) == (SMALL.benchmark, SMALL.train)


def test_more_adapters_are_trained_judged_and_mounted() -> None:
    before, after = work.of(SMALL, ONE), work.of(plan.with_adapters(SMALL, 100), ONE)
    assert after.trainings - before.trainings == 98
    assert after.answers - before.answers == 49 * (9 + 4)
    assert after.jobs - before.jobs == 3 * 98, "a training, a sheet and a mount of each"


def test_a_time_is_work_over_a_rate() -> None:
    done = work.of(SMALL, ONE)
    rates = Rates(known(10), known(100), known(20), known(5), known(7), known(3))
    found = seconds.stages(done, rates)
    by_hand = [done.trained / 10, done.read / 100, done.answered / 20 + done.alone / 5, done.jobs * (7 + 3)]
    assert [one.seconds for one in found] == pytest.approx(by_hand)
    assert seconds.total(found).seconds == pytest.approx(sum(by_hand))
    assert seconds.total(found).kind is Kind.MEASURED


@pytest.mark.parametrize("name", ["train", "read", "answer", "alone", "load", "start"])
def test_one_rate_that_is_not_measured_is_never_covered_by_the_others(name: str) -> None:
    rates = Rates(*(known(10) for _ in range(6)))
    estimated = seconds.total(seconds.stages(work.of(SMALL, ONE), replace(rates, **{name: known(9, Kind.ESTIMATE)})))
    assert estimated.kind is Kind.ESTIMATE
    absent = seconds.total(seconds.stages(work.of(SMALL, ONE), replace(rates, **{name: UNKNOWN})))
    assert (absent.seconds, absent.kind) == (None, Kind.NOT_MEASURED)
    assert estimate.span(absent, absent) == "not measured"


@pytest.mark.parametrize(("value", "kind"), [(None, Kind.MEASURED), (None, Kind.ESTIMATE), (1.0, Kind.NOT_MEASURED)])
def test_a_rate_is_known_or_not_measured(value: float | None, kind: Kind) -> None:
    with pytest.raises(ValueError, match="a rate of"):
        Rate(value, kind, "")


def test_estimates_follow_the_datasheet() -> None:
    of_8b = shapes.BASES["8B"]
    found = roofline.rates(of_8b, H100, LIKELY, 32, 140)
    assert found.train.value == pytest.approx(0.3 * 989e12 / (6 * 8.19e9), rel=1e-3)
    assert found.alone.value == pytest.approx(0.3 * 3.35e12 / 4.85e9, rel=2e-2), "3.6 GB in 4 bits, 1.2 GB of head"
    assert {rate.kind for rate in found.named().values()} == {Kind.ESTIMATE}
    assert all("at 30%" in rate.source for rate in (found.train, found.read, found.answer, found.alone))
    faster = roofline.rates(of_8b, H200, LIKELY, 32, 140)
    assert faster.answer.value == pytest.approx(found.answer.value * 4.8 / 3.35)  # type: ignore[operator]
    assert faster.train.value == found.train.value, "the same processor"


def test_measured_rates_stand_in_place_of_the_estimates_of_their_card() -> None:
    found = estimate.rates("8B", H100, LOW, 32, WHOLE)
    assert (found.train.value, found.answer.value, found.load.value, found.start.value) == (
        4500.0,
        2048 / 3,
        20.0,
        12.0,
    )
    assert {one.kind for one in (found.train, found.answer, found.load, found.start)} == {Kind.MEASURED}
    assert found.train.source == "docs/gpu.json, 8b-qlora, NVIDIA H100 80GB HBM3, 2026-01-02"
    assert found.read.kind is Kind.ESTIMATE, "which nobody measured"
    assert estimate.rates("8B", H200, LOW, 32, WHOLE) == estimate.rates("8B", H200, LOW, 32, None)


def test_a_larger_base_is_taken_from_the_measured_one_and_stays_an_estimate() -> None:
    small, large = (estimate.rates(base, H100, LIKELY, 32, WHOLE) for base in ("8B", "70B"))
    ratio = shapes.BASES["70B"].weights / shapes.BASES["8B"].weights
    assert large.train.value == pytest.approx(4500.0 / ratio)
    assert large.load.value == pytest.approx(20.0 * ratio)
    assert large.start == small.start, "which no base changes"
    assert large.train.kind is large.answer.kind is large.load.kind is Kind.ESTIMATE
    assert "8B's, which was measured" in large.train.source


@pytest.mark.parametrize(
    "result",
    [
        pytest.param({**WHOLE, "device": "cpu"}, id="on-a-processor"),
        pytest.param(on("NVIDIA H100 80GB HBM3"), id="no-step-of-it"),
        pytest.param(
            on("NVIDIA H100 80GB HBM3", **{"8b-qlora": {**rounds(9.0), "status": "timed out"}}), id="unfinished"
        ),
        pytest.param(
            on("NVIDIA H100 80GB HBM3", **{"8b-qlora": {"figures": {**rounds(9.0)["figures"], "scale": "tiny"}}}),
            id="a-tiny-base",
        ),
        pytest.param({**WHOLE, "steps": [one for one in WHOLE["steps"] if one["name"] != "environment"]}, id="no-card"),
    ],
)
def test_what_is_no_measurement_of_8b_on_that_card_changes_nothing(result: dict[str, Any]) -> None:
    assert estimate.rates("8B", H100, LIKELY, 32, result) == estimate.rates("8B", H100, LIKELY, 32, None)


@pytest.mark.parametrize(
    ("called", "card"),
    [
        ("NVIDIA H100 80GB HBM3", H100),
        ("NVIDIA H200", H200),
        ("NVIDIA A100-SXM4-40GB", None),
        ("NVIDIA GH200 480GB", None),
    ],
)
def test_a_card_is_known_by_its_own_name(called: str, card: roofline.Card | None) -> None:
    assert [one for one in CARDS if measured.is_of(on(called), one)] == ([card] if card else [])


def test_the_page_of_a_measured_card_names_it_and_marks_what_is_left(tmp_path: Path) -> None:
    (tmp_path / "gpu.json").write_text(json.dumps(WHOLE), encoding="utf-8")
    assert written.main(tmp_path) == 0
    page = (tmp_path / "cost.md").read_text(encoding="utf-8")
    assert "What was measured on NVIDIA H100 80GB HBM3 (`docs/gpu.json`) is taken from there." in page
    assert "| training | 31 s, from measured rates | 23 s to 69 s, estimate |" in page
    assert "| 8B, H100 | training | 4,500 tokens/s | measured: docs/gpu.json, 8b-qlora," in page


def test_every_time_and_rate_of_the_page_says_how_it_is_known() -> None:
    page = written.shown()
    assert "No card was measured yet: every figure of one is an estimate." in page
    lines = [line for line in page.splitlines() if re.match(r"\| .*\d (s|min|h|tokens/s)\b", line)]
    assert len(lines) > 20
    bare = re.compile(r"\| [^|]*\d (?:s|min|h)(?! to)(?!, (?:estimate|from measured rates)) \|")
    of_rates = re.compile(r"\| (?:estimate|measured|not measured)(?:: [^|]+)? \|$")
    assert [line for line in lines if bare.search(line) and not of_rates.search(line)] == []


def test_room_grows_with_adapters_and_says_what_does_not_fit(mission: Spec) -> None:
    few, many = ({one.what: one.size for one in room.disk(shapes.BASES["8B"], mission, n)} for n in (3, 100))
    assert [name for name in few if few[name] != many[name]] == ["adapters"]
    assert few["the base"] == pytest.approx(16.4e9, rel=1e-2)
    held = {one.what: one.size for one in room.memory(shapes.BASES["8B"], mission, tokens.QWEN3)}
    assert held["the base in NF4"] == pytest.approx(5.66 * 2**30, rel=1e-2)
    assert "does not fit H100" in tables.memory(mission)
