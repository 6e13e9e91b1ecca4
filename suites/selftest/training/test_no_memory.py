"""A training that memory ran out in says so, with what to turn in the recipe, whichever process it was in."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
import torch

from harness.engines.progress import silent
from harness.errors import NoMemoryError, TrainingError
from harness.spec.recipe import Experiment, Recipe
from suites.tiny.child import ROOT, environment
from training import no_memory, ranks, trainers
from training.setting import Setting

PLAIN = Recipe(rank=4, alpha=8, batch_size=4, max_length=64, trainer="own")
SETTING = Setting(PLAIN, Experiment("one", 1, 1e-3), 1, 1)


def far_too_much(*_: Any, **__: Any) -> None:
    torch.empty(2**46, dtype=torch.uint8)


def test_sizes_and_the_recipes_own_keys_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trainers.adapter, "train", far_too_much)
    with pytest.raises(NoMemoryError) as caught:
        trainers.train(tmp_path, [], SETTING, tmp_path, tmp_path)
    told = str(caught.value)
    assert told.startswith(
        "memory ran out while training an adapter, 4 samples of up to 64 tokens at once: 70.4 TB was "
    )
    assert "lower recipe.batch_size and raise recipe.accumulation by as much" in told


@pytest.mark.parametrize(
    ("recipe", "offered", "not_offered"),
    [
        (PLAIN, ("recipe.batch_size", "bfloat16", "recipe.max_length"), ("recipe.checkpointing",)),
        (replace(PLAIN, batch_size=1), ("recipe.max_length",), ("recipe.batch_size",)),
        (replace(PLAIN, base_dtype="bfloat16"), ("recipe.batch_size",), ("bfloat16",)),
        (replace(PLAIN, trainer="trl"), ("recipe.checkpointing = true",), ()),
        (replace(PLAIN, trainer="trl", checkpointing=True), (), ("recipe.checkpointing",)),
    ],
    ids=["own", "one sample", "bfloat16", "trl", "checkpointing"],
)
def test_only_keys_that_are_left_to_turn_are_offered(
    recipe: Recipe, offered: tuple[str, ...], not_offered: tuple[str, ...]
) -> None:
    told = no_memory.mend(recipe)
    assert all(key in told for key in offered)
    assert not any(key in told for key in not_offered)


def test_one_of_several_processes_tells_its_parent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    job = ranks.Job(str(tmp_path), [], asdict(SETTING), str(tmp_path), str(tmp_path), 60.0)
    path = tmp_path / "job.json"
    path.write_text(json.dumps(asdict(job)), encoding="utf-8")
    monkeypatch.setattr(ranks, "die_with_parent", lambda: None)
    monkeypatch.setattr(ranks.trl_trainer, "train_samples", far_too_much)
    monkeypatch.setenv("RANK", "1")  # the first one would tell of any other error as well
    assert ranks.main(str(path)) == 1
    said = capsys.readouterr().out

    program = tmp_path / "python"
    program.write_text(f"#!/bin/sh\ncat <<'END'\n{said}END\nexit 1\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setattr(ranks.sys, "executable", str(program))
    with pytest.raises(NoMemoryError, match=r"memory ran out while training an adapter.*70\.4 TB was asked for"):
        ranks._launch(path, 2, tmp_path / "log", silent)


@pytest.mark.parametrize(
    ("words", "error"),
    [("Error out of memory at line 380 in file ops.cu", NoMemoryError), ("Error no such layer", TrainingError)],
    ids=["memory", "something else"],
)
def test_last_words_of_a_process_that_died_are_read(
    words: str, error: type[Exception], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "python"
    program.write_text(f"#!/bin/sh\necho {words} >&2\nexit 1\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setattr(ranks.sys, "executable", str(program))
    with pytest.raises(error, match=f"one of 2 processes that trained failed: {words}"):
        ranks._launch(tmp_path / "job.json", 2, tmp_path / "log", silent)


LITTLE = """
import resource
from pathlib import Path
from harness.engines.progress import silent
from training import ranks
resource.setrlimit(resource.RLIMIT_AS, (4 * 10**8, resource.RLIM_INFINITY))
try:
    ranks._launch(Path("job.json"), 2, Path({log!r}), silent)
except Exception as error:
    print(type(error).__name__)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits an address space so that an allocation fails")
def test_processes_that_cannot_even_begin_for_lack_of_memory_say_so(tmp_path: Path) -> None:
    script = LITTLE.format(log=str(tmp_path / "log"))
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=environment({}), capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "NoMemoryError", (tmp_path / "log").read_text(encoding="utf-8")
