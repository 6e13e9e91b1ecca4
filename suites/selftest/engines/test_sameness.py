"""Sameness: answers can be had again by a fresh process, adapters by another training, and a report says where not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.dataset.checks import items_of
from harness.engines import drawn_batch, form, nf4
from harness.engines.generate import Decoding, answer_all
from harness.engines.mount import mounted
from harness.report import noise
from harness.report import noise as sameness
from harness.report.catalogue import Say
from harness.spec import load
from harness.spec.recipe import Experiment
from harness.store import digests
from suites.selftest.engines.afresh import answered
from suites.tiny.child import ROOT, Line, environment
from training.adapter import train
from training.setting import Setting

TRAIN = """
import sys
from pathlib import Path
from harness.spec import load as spec_file
from harness.dataset.checks import items_of
from harness.spec.recipe import Experiment
from training.adapter import train
from training.setting import Setting
spec = spec_file.load(Path(sys.argv[1]))
items = items_of(spec.tasks["sea"], "train")
folder, one = Path(sys.argv[2]), Experiment("one", 2, 1e-2)
train(spec.path.parent / "base", items, Setting(spec.recipe, one, spec.seed, 1), folder, folder.with_suffix(".scratch"))
"""


@pytest.fixture(scope="module")
def adapter(line: Line, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, one = tmp_path_factory.mktemp("adapter"), Experiment("one", 2, 1e-2)
    scratch = tmp_path_factory.mktemp("scratch")
    loaded = load.load(line.spec)
    items = items_of(loaded.tasks["sea"], "train")
    train(loaded.path.parent / "base", items, Setting(loaded.recipe, one, loaded.seed, 1), folder, scratch)
    return folder


def test_a_fresh_process_gives_the_answers_of_this_one(line: Line, adapter: Path, tmp_path: Path) -> None:
    items = items_of(load.load(line.spec).tasks["sea"], "benchmark")[:5]
    base = line.spec.parent / "base"
    with mounted(form.load(nf4.FORM, base, 1), adapter) as engine:
        assert answered(tmp_path, base, adapter, items, 16) == answer_all(engine, items, Decoding(5, 16))


@given(st.integers(1, 60), st.integers(1, 20), st.text(max_size=8))
def test_the_batch_drawn_is_one_of_the_sheets_own(count: int, size: int, seed: str) -> None:
    lengths = {f"item-{number}": number % 7 for number in range(count)}
    number, found = drawn_batch.draw(lengths, Decoding(size, 16), seed)
    assert 0 <= number < len(found)
    assert sorted(name for batch in found for name in batch) == sorted(lengths)


def test_every_batch_is_drawn_by_some_digest() -> None:
    lengths = {f"item-{number}": number for number in range(9)}
    assert {drawn_batch.draw(lengths, Decoding(3, 16), digests.of_value(k))[0] for k in range(40)} == {0, 1, 2}


def test_training_in_two_fresh_processes_gives_the_same_bytes(line: Line, adapter: Path, tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-c", TRAIN, str(line.spec), str(tmp_path)], cwd=ROOT, env=environment({}), check=True
    )
    assert digests.of_folder(tmp_path) == digests.of_folder(adapter)


def _paper(figure: float, other: float, rule: str = "lower_bound") -> dict[str, Any]:
    gate = {"id": "eval.duo.greet.form", "rule": rule, "value": 0.97, "lower_bound": figure, "threshold": 0.9}
    row = {"adapter": "duo", "task": "greet", "metric": "form", "value": 0.95, "other": other, "n": 24}
    return {"gates": [gate], "noise": [row]}


@pytest.mark.parametrize(("figure", "other"), [(0.92, 0.92), (0.88, 0.98)], ids=["passed", "not passed"])
def test_a_noise_band_over_the_threshold_is_a_warning(figure: float, other: float) -> None:
    (warning,) = noise.warnings(_paper(figure, other))
    assert warning.startswith("eval.duo.greet.form: the lower bound")


@pytest.mark.parametrize(
    ("figure", "other", "rule"),
    [(0.94, 0.92, "lower_bound"), (0.901, 0.95, "lower_bound"), (0.91, 0.92, "point")],
    ids=["far enough", "nothing moved", "the value is far enough"],
)
def test_a_noise_band_beside_the_threshold_is_none(figure: float, other: float, rule: str) -> None:
    assert list(noise.warnings(_paper(figure, other, rule))) == []


def test_pooled_figures_move_no_further_than_the_task_that_moves_most() -> None:
    paper = _paper(0.92, 0.92)
    paper["noise"].append({**paper["noise"][0], "task": "part", "other": 0.85})
    assert noise.band(paper, {"id": "eval.duo.all.form"}) == pytest.approx(0.10)
    assert noise.band(paper, {"id": "eval.duo.greet.form"}) == pytest.approx(0.03)


@pytest.mark.parametrize(
    ("device", "said"),
    [(None, "was not measured"), ("cpu", "on this CPU alone"), ("NVIDIA H100", "not known to be the same")],
)
def test_a_report_says_what_is_not_known_to_repeat(device: str | None, said: str) -> None:
    surroundings = {} if device is None else {"device": device}
    assert said in " ".join(sameness.limits({"environment": surroundings}, Say()))
