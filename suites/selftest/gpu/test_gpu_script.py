"""The GPU script: each step runs in a small form, one that crashes is told, and no spoilt part is used."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pytest
import torch

from suites.gpu import model_parts, runner, table
from suites.gpu.__main__ import WITHIN
from suites.gpu.outcome import NoDeviceError, Outcome
from suites.gpu.plan import PLAN
from suites.gpu.runner import Step
from suites.gpu.settings import Settings
from suites.gpu.steps import device
from suites.selftest.gpu import gpu_steps
from suites.tiny.child import ROOT, Line, environment

SMALL = ("--items=4", "--alone=2", "--steps=2", "--tokens=8")
CUDA = torch.cuda.is_available()
OF_CARDS = {"driver", "held by a job that has let its model go"}
"""Rows that a processor has no figure for."""


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
    return {cells[0]: cells[1] for cells in lines[2:]}


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
    assert [step.name for step in PLAN] == [name for name in ran.steps if name not in ("wheels", "model", "sameness")]
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
    text = (ran.out / "gpu.json").read_text(encoding="utf-8")
    assert [place for place in (ran.out.parent, ROOT, Path.home()) if str(place) in text] == []


def test_every_step_is_measured_in_its_small_form_on_a_processor(line: Line, tmp_path: Path) -> None:
    ran = script(line, tmp_path, "--device=cpu")
    assert_whole(ran, "cpu")
    assert ran.status == 0
    assert {title for title, shown in ran.rows.items() if shown == table.NOT_MEASURED} == OF_CARDS


@pytest.mark.skipif(not CUDA, reason="no GPU here: docs/gpu.md says how its steps are measured on one")
def test_every_step_is_measured_in_its_small_form_on_a_card(line: Line, tmp_path: Path) -> None:
    ran = script(line, tmp_path)
    assert_whole(ran, "cuda")
    assert ran.status == 0
    assert [title for title, shown in ran.rows.items() if shown.startswith(table.NOT_MEASURED)] == []


@pytest.mark.skipif(CUDA, reason="there is a card here")
def test_without_a_card_a_step_is_skipped_with_the_reason(settings: Settings) -> None:
    with pytest.raises(NoDeviceError, match="no CUDA device here; --device=cpu"):
        device.require(settings)
    (outcome,) = told(settings, planted("environment", "has_no_device"))
    assert (outcome.status, outcome.why) == ("skipped", "no card here")


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


def test_steps_behind_the_deadline_are_not_begun(settings: Settings) -> None:
    first, second = told(settings, planted("mount", "hangs"), planted("memory", "works"), deadline=0.5)
    assert first.status == "timed out"
    assert (second.status, second.why) == ("skipped", "no time was left")


def test_limits_leave_no_step_the_whole_time(settings: Settings) -> None:
    assert WITHIN < 8 * 60
    assert all(step.limit < WITHIN / 3 for step in PLAN)


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
