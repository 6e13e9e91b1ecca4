"""The GPU script: each step runs in a small form, one that crashes is told, and no spoilt part is used."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import torch

from suites.gpu import card, model_parts, plan, runner, table
from suites.gpu.__main__ import WITHIN, Report
from suites.gpu.outcome import NoDeviceError, Outcome, UnfinishedError
from suites.gpu.plan import PLAN
from suites.gpu.runner import Step
from suites.gpu.settings import Settings
from suites.gpu.steps import device, released
from suites.selftest.gpu import gpu_steps
from suites.tiny.child import ROOT, Finished, Line, environment

SMALL = ("--items=4", "--alone=2", "--steps=2", "--tokens=8", "--scale=tiny", "--without=release")
"""Everything but the whole release, which takes a minute: `docs/gpu.md` has the command that tries it, too."""
CUDA = torch.cuda.is_available()
OF_CARDS = {"driver", "held by a job that has let its model go", table.BETWEEN}
"""Rows that a processor has no figure for."""
WHOLE = "the whole run, from nothing"


@dataclass(frozen=True, slots=True)
class Ran:
    """A run of the whole script that has ended."""

    status: int
    output: str
    out: Path

    @property
    def result(self) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads((self.out / "gpu.json").read_text(encoding="utf-8"))
        return loaded

    @property
    def steps(self) -> dict[str, dict[str, Any]]:
        return {step["name"]: step for step in self.result["steps"]}

    @property
    def rows(self) -> dict[str, str]:
        return rows_of((self.out / "gpu.md").read_text(encoding="utf-8"))


def rows_of(page: str) -> dict[str, str]:
    """Title -> what the page's table shows beside it."""
    lines = [line.strip("| ").split(" | ") for line in page.splitlines() if line.startswith("|")]
    return {cells[0]: cells[1] for cells in lines if cells not in (["what", "measured"], ["---", "---"])}


def script(line: Line, folder: Path, *arguments: str) -> Ran:
    """``python -m suites.gpu`` on the tiny release line."""
    where = (f"--release={line.spec}", f"--parts={folder / 'parts'}", f"--out={folder / 'out'}")
    command = [sys.executable, "-m", "suites.gpu", *where, *SMALL, *arguments]
    done = subprocess.run(command, cwd=ROOT, env=environment({}), capture_output=True, text=True, timeout=300)
    return Ran(done.returncode, done.stdout + done.stderr, folder / "out")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path / "release.toml", tmp_path, "cuda", None, items=1, alone=1)


def told(settings: Settings, *steps: Step, deadline: float = 60.0) -> list[Outcome]:
    """What the runner tells of steps. With a card in the settings each of them starts in a fresh interpreter."""
    found: list[Outcome] = []
    runner.run(steps, settings, time.monotonic() + deadline, settings.work / "log", found.append)
    return found


def planted(name: str, function: str, limit: float = 60.0, after: tuple[str, ...] = ()) -> Step:
    return Step(name, f"{gpu_steps.__name__}:{function}", limit, after=after)


def assert_whole(ran: Ran, device: str) -> None:
    """Every step was measured on the device, its figures are what they must be, and the table shows them."""
    assert {name: step["why"] for name, step in ran.steps.items() if step["status"] != "measured"} == {}, ran.output
    planned = [step.name for step in PLAN if step.name != "release"]
    assert planned == [name for name in ran.steps if name not in ("wheels", "model", "sameness")]
    figures = {name: step["figures"] for name, step in ran.steps.items()}
    for dtype in ("float32", "bfloat16"):
        assert figures[f"train-{dtype}"]["steps"] == 2
        assert figures[f"train-{dtype}"]["tokens_per_second"] > 0
        assert figures[f"train-{dtype}"]["peak_bytes"] > 0
    mount = figures["mount"]
    assert mount["census"]["four_bit"] == mount["census"]["linear"] == 14
    assert mount["fingerprint"]["differs"]
    assert mount["proof"]["holds"]
    assert mount["device"].partition(":")[0] == device
    same = figures["sameness"]
    assert {name: pair["of"] for name, pair in same.items()} == {
        "answers-1 answers-8": 2,
        "answers-1 answers-64": 2,
        "answers-8 answers-64": 4,
        "answers-64 answers-64-again": 4,
    }
    assert same["answers-64 answers-64-again"]["same"] == 4, "a fresh process says the same"
    assert_of_size(figures)
    text = (ran.out / "gpu.json").read_text(encoding="utf-8")
    assert [place for place in (ran.out.parent, ROOT, Path.home()) if str(place) in text] == []


def assert_of_size(figures: Mapping[str, Any]) -> None:
    """The steps on the random base did what their names say, in its tiny form."""
    assert figures["8b-load"]["finite"]
    assert figures["8b-load"]["census"]["four_bit"] == figures["8b-load"]["census"]["linear"] == 14
    rounds = figures["8b-qlora"]["rounds"]
    assert [one["by"] for one in rounds] == ["own", "plain", "own-checkpointing"]
    assert all(one["tokens_per_second"] > 0 for one in rounds)
    assert rounds[0]["loss"] == pytest.approx(rounds[1]["loss"], rel=1e-2), "both train the same"
    assert rounds[0]["loss"] == pytest.approx(rounds[2]["loss"], rel=1e-2)
    answers = figures["8b-answers"]
    assert answers["adapter"], "the one that was just trained"
    assert answers["seconds"].keys() == {"bfloat16", "float32", "generate"}
    said = {"bfloat16 again", "bfloat16 few", "bfloat16 alone", "generate", "float32 again", "float32 few"}
    assert answers["same"].keys() == said
    assert all(answers["same"][name]["same"] == 4 for name in ("float32 again", "float32 few"))
    assert figures["8b-disk"]["seconds"] > 0


def test_every_step_is_measured_in_its_small_form_on_a_processor(line: Line, tmp_path: Path) -> None:
    ran = script(line, tmp_path, "--device=cpu")
    assert_whole(ran, "cpu")
    assert ran.status == 0
    assert {title for title, shown in ran.rows.items() if shown == table.NOT_MEASURED} == {*OF_CARDS, WHOLE}


@pytest.mark.skipif(not CUDA, reason="no GPU here: docs/gpu.md says how its steps are measured on one")
def test_every_step_is_measured_in_its_small_form_on_a_card(line: Line, tmp_path: Path) -> None:
    ran = script(line, tmp_path)
    assert_whole(ran, "cuda")
    assert ran.status == 0
    assert [title for title, shown in ran.rows.items() if shown.startswith(table.NOT_MEASURED)] == [WHOLE]


@pytest.mark.skipif(CUDA, reason="there is a card here")
def test_without_a_card_a_step_is_skipped_with_the_reason(settings: Settings) -> None:
    with pytest.raises(NoDeviceError, match="no CUDA device here; --device=cpu"):
        device.require(settings)
    (outcome,) = told(settings, planted("environment", "has_no_device"))
    assert (outcome.status, outcome.why) == ("skipped", "no card here")


def test_without_room_on_the_disk_a_step_is_skipped_with_the_reason(settings: Settings) -> None:
    (outcome,) = told(settings, planted("8b-disk", "has_no_room"))
    assert (outcome.status, outcome.why) == ("skipped", "16.4 GB have no room")


def test_a_step_that_crashes_is_told_in_the_table_and_the_others_go_on(settings: Settings) -> None:
    outcomes = told(
        settings,
        planted("environment", "raises"),
        planted("train-float32", "dies"),
        planted("train-bfloat16", "hangs", limit=0.5),
        planted("mount", "works", after=("train-float32", "train-bfloat16")),
        planted("memory", "works"),
    )
    assert [outcome.status for outcome in outcomes] == ["failed", "failed", "timed out", "skipped", "measured"]
    page = table.document(_result(outcomes))
    rows = rows_of(page)
    assert rows["card"].endswith("failed: harness.errors.TrainingError: planted &#124; in a step")
    assert rows["training, base in float32"].endswith("failed: died of SIGSEGV")
    assert "timed out: ended after" in rows["training, base in bfloat16"]
    assert rows["proof of the mount"].endswith("skipped: train-float32 and train-bfloat16 left nothing for it")
    assert 'raise TrainingError("planted | in a step")' in page, "the traceback's end is kept"


@pytest.mark.parametrize(
    ("function", "said"),
    [("hangs_after_a_round", "timed out: ended after 3 s"), ("dies_after_a_round", "failed: died of SIGKILL")],
)
def test_a_step_that_is_not_at_its_end_tells_what_it_had_measured(settings: Settings, function: str, said: str) -> None:
    (outcome,) = told(settings, planted("8b-qlora", function, limit=3))
    assert outcome.figures == gpu_steps.ONE_ROUND
    rows = rows_of(table.document(_result([outcome])))
    own = rows["QLoRA by this project's trainer"]
    assert own.startswith("5,000 tokens/s (5,000) at 2 x 1024 tokens; at most 21.0 GB (wanted below 40 GB: holds)")
    assert own.endswith(f"({said})")
    assert rows["QLoRA by plain TRL, in turn with it"] == f"not measured: {said}"


def test_a_release_that_is_not_at_its_end_tells_how_far_it_came(settings: Settings) -> None:
    (outcome,) = told(settings, planted("release", "comes_to_its_limit"))
    assert outcome.status == "timed out"
    shown = rows_of(table.document(_result([outcome])))[WHOLE]
    assert shown.startswith("not at its end after 485 s, 4 workers: gates 71 not run, 40 passed")
    assert shown.endswith("(timed out: ended after 485 s)")


def test_a_base_that_takes_more_than_is_wanted_is_told(settings: Settings) -> None:
    figures = {"scale": "8b", "weights": 8.2e9, "seconds": 4.0, "finite": True, "rest_bytes": 6 * 2**30}
    peaks = {"tensors_peak_bytes": 6.2 * 2**30, "peak_bytes": 6.5 * 2**30}
    counted = {"census": {"four_bit": 252, "linear": 252}}
    page = table.document(_result([Outcome("8b-load", "measured", figures={**figures, **peaks, **counted})]))
    assert "6.50 GiB held (wanted at most 6 GiB: DOES NOT HOLD)" in page


def test_memory_that_a_job_kept_is_told_with_its_name() -> None:
    quiet, kept = 4 * 2**20, 900 * 2**20
    jobs = [("environment", quiet, quiet), ("8b-load", quiet, kept), ("8b-qlora", kept, quiet)]
    outcomes = [Outcome(name, "failed", used_before=before, used_after=after) for name, before, after in jobs]
    shown = rows_of(table.document(_result(outcomes)))[table.BETWEEN]
    assert shown == "4 MiB before the first; at most 900 MiB after any of the 3 (after 8b-load)"


def test_what_is_in_use_is_asked_again_until_an_ended_job_has_given_it_back(monkeypatch: pytest.MonkeyPatch) -> None:
    said = iter([900, 500, 4])
    monkeypatch.setattr(card, "used", lambda device: next(said))
    assert card.given_back("cuda", before=4) == 4
    monkeypatch.setattr(card, "WAIT", 0.0)
    monkeypatch.setattr(card, "used", lambda device: 900)
    assert card.given_back("cuda", before=4) == 900, "and told where it does not"


def test_a_processor_and_a_missing_driver_say_nothing_of_a_card() -> None:
    assert card.used("cpu") is None
    if not CUDA:
        assert card.used("cuda") is None


def test_steps_can_be_chosen_with_what_they_come_after() -> None:
    assert [step.name for step in plan.chosen([], [])] == [step.name for step in PLAN]
    assert [step.name for step in plan.chosen(["mount"], [])] == ["base", "train-float32", "mount", "train-bfloat16"]
    assert [step.name for step in plan.chosen(["release"], [])] == ["release"], "joining the model is no step of it"
    assert "release" not in [step.name for step in plan.chosen([], ["release"])]
    with pytest.raises(ValueError, match=r"8b-qlor: no such step; there are environment, 8b-load,"):
        plan.chosen(["8b-qlor"], [])


def test_each_outcome_is_on_the_disk_before_the_next_step_begins(settings: Settings, tmp_path: Path) -> None:
    """So a run that is killed leaves what it had."""
    report = Report(tmp_path, settings)
    for number, name in enumerate(("environment", "8b-load"), 1):
        report.tell(Outcome(name, "failed", why="planted"))
        kept = json.loads((tmp_path / "gpu.json").read_text(encoding="utf-8"))
        assert [step["name"] for step in kept["steps"]][-1] == name
        assert len(kept["steps"]) == number
        assert (tmp_path / "gpu.md").is_file()


def test_the_release_is_judged_in_a_copy_on_the_model_that_came_along(line: Line, settings: Settings) -> None:
    given = replace(settings, release=line.spec, model=settings.work / "joined.gguf")
    before = line.spec.read_text(encoding="utf-8")
    spec = released.copied(given)
    assert f'source = "path:{given.model}"' in spec.read_text(encoding="utf-8")
    assert line.spec.read_text(encoding="utf-8") == before
    assert (spec.parent / "train").is_dir()
    assert 'source = "path:base"' in released.copied(replace(given, model=None)).read_text(encoding="utf-8")


def test_a_release_without_time_is_ended_and_says_that_nothing_was_reached(line: Line, settings: Settings) -> None:
    given = replace(settings, release=line.spec, device="cpu")
    with pytest.raises(UnfinishedError, match="ended after 0 s") as unfinished:
        released.release(given, limit=released.GRACE, workers=1)
    figures = unfinished.value.figures
    assert (figures["ended"], figures["verdict"], figures["gates"]) == (False, None, {})
    assert figures["reasons"][0].startswith("nothing was reached")


def test_what_a_release_reached_is_read_from_its_journal(green: Finished, tmp_path: Path) -> None:
    whole = released.reached(green.run)
    assert (whole["verdict"], whole["red"], whole["gates"].keys()) == ("released", [], {"passed"})
    shutil.copytree(green.run, tmp_path / green.run.name)
    (tmp_path / green.run.name / "verdict.json").unlink()
    died = released.reached(tmp_path / green.run.name)
    assert died["verdict"] == "incomplete"
    assert died["gates"] == whole["gates"]


def test_steps_behind_the_deadline_are_not_begun(settings: Settings) -> None:
    first, second = told(settings, planted("mount", "hangs"), planted("memory", "works"), deadline=0.5)
    assert first.status == "timed out"
    assert (second.status, second.why) == ("skipped", "no time was left")


def test_limits_leave_no_step_the_whole_time() -> None:
    assert WITHIN < 10 * 60
    assert all(step.limit < WITHIN / 3 for step in PLAN if step.name != "release")
    assert PLAN[-1].name == "release", "which takes what is left"
    assert PLAN[-1].arguments["limit"] == PLAN[-1].limit < WITHIN


def test_a_spoilt_model_is_told_by_name_and_nothing_is_trained(line: Line, tmp_path: Path) -> None:
    (tmp_path / "model.gguf").write_bytes(os.urandom(1000))
    parts = model_parts.split(tmp_path / "model.gguf", tmp_path / "parts" / "model", 400)
    (parts[1] / "piece").write_bytes(b"other bytes")
    done = script(line, tmp_path, "--device=cpu", "--within=0")
    assert done.status == 1
    assert f"{parts[1] / 'piece'} has sha256" in done.steps["model"]["why"]
    assert done.steps["base"] == {**done.steps["base"], "status": "skipped", "why": "model left nothing for it"}


def test_the_page_is_what_the_kept_result_says() -> None:
    assert (table.DOCS / "gpu.md").read_text(encoding="utf-8") == table.shown(), "run python -m suites.gpu.table"


def test_without_a_result_no_row_shows_a_figure() -> None:
    assert set(rows_of(table.document(None)).values()) == {table.NOT_MEASURED}


def test_what_was_measured_on_a_processor_is_not_published(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine.json").write_text(json.dumps({**_result([]), "device": "cpu"}), encoding="utf-8")
    assert table.main([str(tmp_path / "mine.json")], docs=tmp_path) == 1
    assert "measured on cpu" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["mine.json"]


def test_a_published_page_names_card_and_date(tmp_path: Path) -> None:
    card = {"card": "Some Card", "bytes": 2**30, "capability": "9.0", "driver": "1.2", "cuda": "13.0"}
    figures = {**card, "python": "3.12.3", "versions": {"torch": "2.11.0"}, "free_bytes": 2**30}
    result = _result([Outcome("environment", "measured", figures=figures)])
    (tmp_path / "mine.json").write_text(json.dumps(result), encoding="utf-8")
    assert table.main([str(tmp_path / "mine.json")], docs=tmp_path) == 0
    page = (tmp_path / "gpu.md").read_text(encoding="utf-8")
    assert page == table.shown(tmp_path)
    assert "Measured on Some Card, 2026-01-02, in 3 s" in page
    assert rows_of(page)["card"] == "Some Card, 1,024 MiB, compute capability 9.0"


def _result(outcomes: list[Outcome]) -> Mapping[str, Any]:
    steps = [asdict(outcome) for outcome in outcomes]
    settings = {"items": 1, "alone": 1}
    return {
        "device": "cuda",
        "date": "2026-01-02",
        "seconds": 3.0,
        "code": "0" * 64,
        "settings": settings,
        "steps": steps,
    }
