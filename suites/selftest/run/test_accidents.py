"""Accidents: two runs in one second, a kill while publishing, clocks, odd specs and endless forms decide nothing."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from harness import gates
from harness.dataset.item import Item
from harness.errors import SpecError, StageTimeoutError
from harness.gates import evaluation
from harness.gates.records import ArtifactUsed, RunOpened
from harness.metrics import registry
from harness.metrics.metric import Forms
from harness.plugin import options
from harness.releases import earlier
from harness.run import alive, provenance, retention
from harness.run.journal import Journal
from harness.run.run import new_id, open_run, reserve
from harness.spec import load
from harness.text import shape
from harness.text.visible import visible
from suites.tiny.child import Line


@pytest.fixture
def copied(line: Line, tmp_path: Path) -> Line:
    return line.copy(tmp_path / "line")


def test_of_two_runs_begun_in_one_second_one_alone_has_the_name(copied: Line, tmp_path: Path) -> None:
    spec = load.load(copied.spec)
    first, second = (open_run(spec, tmp_path / "out", "run_1", "main", False) for _ in range(2))
    assert [reserve(first), reserve(second)] == [True, False]


def test_a_name_that_is_reserved_is_not_made_up_again(tmp_path: Path, copied: Line) -> None:
    name = new_id(tmp_path, None)
    assert reserve(open_run(load.load(copied.spec), tmp_path, name, "main", False))
    assert new_id(tmp_path, None) != name


def left_by_a_kill(out: Path, pid: int) -> Path:
    left = out / "releases" / "line-run_1.partial"
    left.mkdir(parents=True)
    (left / "verdict.json").write_text(
        '{"release": "line", "verdict": "released", "run_id": "run_1"}', encoding="utf-8"
    )
    own = replace(alive.identity(), pid=pid, started=0)
    Journal(out / "runs" / "run_1" / "evidence" / "main.jsonl", "main").write(own)
    return left


def test_what_a_killed_publication_left_is_no_earlier_release_and_goes(tmp_path: Path) -> None:
    nobody = 2**22 + 1
    left = left_by_a_kill(tmp_path, nobody)
    assert earlier.last(tmp_path, "line") is None
    assert retention.abandoned(tmp_path) == [left]


def test_what_a_run_is_publishing_just_now_stays(tmp_path: Path) -> None:
    left_by_a_kill(tmp_path, os.getpid())
    assert retention.abandoned(tmp_path) == []


def test_a_half_bundle_of_nobody_known_stays(tmp_path: Path) -> None:
    (tmp_path / "releases" / "other-run_9.partial").mkdir(parents=True)
    assert retention.abandoned(tmp_path) == []


def test_a_clock_that_was_set_back_costs_the_run_none_of_its_artifacts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Older by the clock than the run before it, the last run of all was the one whose artifacts went."""
    for run_id, at in (("later-by-the-clock", time.time() + 9e6), ("just-now", time.time())):
        folder = tmp_path / "store" / "adapter" / f"{run_id:0<24}"[:24]
        folder.mkdir(parents=True)
        (folder / "manifest.json").write_text("{}", encoding="utf-8")
        os.utime(folder, (at, at))
        journal = Journal(tmp_path / "runs" / run_id / "evidence" / "main.jsonl", "main")
        with monkeypatch.context() as patched:
            patched.setattr(time, "time", lambda at=at: at)
            journal.write(RunOpened(run_id, "line", "", "both", [], []))
            journal.write(ArtifactUsed("adapter", "adapter", "", folder.name, 1.0, False, ""))
    assert {one.reason for one in retention.survey(tmp_path, 1, "just-now")} == {"recent"}


def test_files_in_a_folder_whose_name_is_not_utf_8_did_not_change(line: Line, tmp_path: Path) -> None:
    spec = load.load(line.copy(tmp_path / os.fsdecode(b"line-\xff")).spec)
    run = open_run(replace(spec, opened=provenance.inputs(spec)), tmp_path, "run_1", "main", False)
    assert provenance.changed(run) == []
    spec.tasks["sea"].template.write_text("Topic: {{ topic }}", encoding="utf-8")
    assert provenance.changed(run) == [str(spec.tasks["sea"].template)]


ODD = {
    "not a number": ('threads = 1', "threads = 1\n[policy]\nconfidence = nan\n", "policy.confidence: nan is no number"),
    "endless": ("margin = 0.3", "margin = inf", "gates.regression.margin: inf is no number"),
    "a date": ('name = "tiny"', "name = 2026-11-26", "release.name: 2026-11-26 is a date"),
    "a time": ('name = "tiny"', "name = 10:00:00", "release.name: 10:00:00 is a date or a time"),
    "a deep nest": ('name = "tiny"', f"name = {'[' * 3000}{']' * 3000}", "nested deeper than 20 levels"),
    "a nest": ('name = "tiny"', f"name = {'[' * 30}{']' * 30}", "nested deeper than 20 levels"),
    "too many threads": ("threads = 1", "threads = 100000", "release.threads: 100000 is greater than the maximum"),
    "a newline in the name": ('name = "tiny"', 'name = "tiny\\n"', "release.name"),
    "a newline in an adapter's name": ("[adapters.sea]", '[adapters."sea\\n"]', "adapters"),
    "a newline in the pin": ('"\n\n[tasks.sea]', '\\n"\n\n[tasks.sea]', "base.pin"),
}  # fmt: skip


@pytest.mark.parametrize("case", ODD)
def test_an_odd_spec_is_refused_in_one_line(copied: Line, case: str) -> None:
    old, new, words = ODD[case]
    text = copied.spec.read_text(encoding="utf-8")
    assert old in text
    copied.spec.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(SpecError) as caught:
        load.load(copied.spec)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


class Config:
    """The options of a command line."""

    def __init__(self, **given: Any) -> None:
        self.given = given

    def getoption(self, name: str, default: Any = None) -> Any:
        return self.given.get(name, default)


@pytest.mark.parametrize("given", [{}, {"count": 1}, {"count": None}, {"reruns": 0}])
def test_a_plugin_that_repeats_nothing_may_be_installed(given: dict[str, Any]) -> None:
    options.refuse_unsound(Config(**given))  # type: ignore[arg-type]


@pytest.mark.parametrize("given", [{"count": 2}, {"reruns": 1}])
def test_a_gate_that_would_be_tried_again_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(SpecError, match="a gate that passes on the second try has not passed"):
        options.refuse_unsound(Config(**given))  # type: ignore[arg-type]


def test_an_advisory_threshold_that_nothing_can_prove_is_a_warning(copied: Line) -> None:
    loaded = load.load(copied.spec)
    row = replace(loaded.thresholds[-1], split="benchmark", above={"format": 0.99}, blocking=False, rule="lower_bound")
    spec = replace(loaded, gates=replace(loaded.gates, eval=(*loaded.gates.eval, row)))
    expected = gates.expected(spec)
    (warning,) = evaluation.check_provable(spec, expected, evaluation.sizes(spec, expected))
    assert warning.startswith("eval.both.sea.format only advises, and can never pass: 14 items")


ENDLESS = r"(a|aa)+[bc]"


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shape, "SECONDS", 0.2)


@pytest.mark.parametrize("metric", ["format", "refused", "answered"])
def test_a_form_that_does_not_end_is_an_error_and_no_score(hurried: None, metric: str) -> None:
    forms = Forms(ENDLESS, ENDLESS)
    item: Any = SimpleNamespace(task="sea", must_refuse=metric == "refused", points=(), reference="")
    with pytest.raises(StageTimeoutError, match="had not decided on a text of 60 characters"):
        registry.METRICS[metric].score(item, "a" * 60, forms)


def test_a_reference_is_held_against_a_form_for_so_long_only(hurried: None) -> None:
    from harness.dataset.template import template_findings

    item = Item(
        id="a", task="sea", kind="plain", topic="t", messages=({"role": "user", "content": "q"},), reference="a" * 60,
        points=(), line=1,
    )  # fmt: skip
    with pytest.raises(StageTimeoutError):
        template_findings(Path("a.jsonl"), (item,), ENDLESS, ENDLESS)


def test_blanks_at_the_end_of_a_long_line_cost_no_more_than_others() -> None:
    began = time.perf_counter()
    visible("\r" + "a" + " " * 200_000 + "b")
    assert time.perf_counter() - began < 2.0


@pytest.mark.parametrize("text", ["a \r\nb", "a\r\rb", "a \t\r \nb", " \u2028 a\x85b "])
def test_each_run_of_line_ends_and_blanks_before_it_still_is_one_newline(text: str) -> None:
    assert visible(text).split() == text.split()
    assert "\r" not in visible(text)
