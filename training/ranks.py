"""One training shared by several processes, a card each: torchrun starts them, and a job goes in as JSON.

``python -m training.ranks JOB`` is what each of them runs; any launcher that sets torch's variables will do
(``accelerate launch --num_processes 2 -m training.ranks JOB``). The first of them writes the adapter.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from harness import out_of_memory
from harness.dataset.item import Item
from harness.engines.parent import die_with_parent
from harness.engines.progress import Progress, silent
from harness.errors import NoMemoryError, TrainingError
from harness.project import ROOT
from harness.spec.recipe import Experiment, Recipe
from training import checkpoints, no_memory, trl_trainer
from training.samples import Sample, tokenize
from training.setting import Setting

_STEP, _REFUSED, _NO_MEMORY = "greenrun step ", "greenrun refused ", "greenrun no memory "
"""How lines begin that a process has for its parent, the last of them any process and else the first one; others are
chatter of libraries."""


@dataclass(frozen=True, slots=True)
class Job:
    """A training, as JSON has it."""

    base: str
    samples: Sequence[tuple[str, Sequence[int], Sequence[int]]]
    """Item, prompt and completion of each."""
    setting: dict[str, Any]
    folder: str
    scratch: str
    every: float
    """Seconds between checkpoints."""


def train(
    base: Path,
    items: Sequence[Item],
    setting: Setting,
    folder: Path,
    scratch: Path,
    progress: Progress = silent,
) -> None:
    """As `training.trl_trainer.train`, by as many processes as the recipe says.

    Raises:
        TrainingError: a process failed; with its reason, or with its last words.
        NoMemoryError: a process had not memory enough.
    """
    import torch
    from transformers import AutoTokenizer

    processes = setting.recipe.processes
    if 0 < torch.cuda.device_count() < processes:
        raise TrainingError(
            f"recipe.processes is {processes}, and {torch.cuda.device_count()} CUDA devices are visible; set it "
            "to as many, or show more of them (CUDA_VISIBLE_DEVICES)"
        )
    samples = tokenize(AutoTokenizer.from_pretrained(base), items, setting.recipe.max_length)
    told = [(one.item, one.prompt, one.completion) for one in samples]
    places = (str(folder.resolve()), str(scratch.resolve()))
    job = Job(str(base.resolve()), told, asdict(setting), *places, checkpoints.EVERY)
    scratch.mkdir(parents=True, exist_ok=True)
    path = scratch / "job.json"
    path.write_text(json.dumps(asdict(job)), encoding="utf-8")
    _launch(path.resolve(), processes, scratch / "processes.log", progress)


def _launch(job: Path, processes: int, log: Path, progress: Progress) -> None:
    launcher = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]
    with log.open("wb") as chatter:
        process = subprocess.Popen(
            [sys.executable, *launcher, "-m", __name__, str(job)],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=chatter,
            start_new_session=True,
            preexec_fn=die_with_parent,
        )
    refused = no_room = ""
    try:
        assert process.stdout is not None
        for line in (raw.decode("utf-8", "replace").rstrip("\n") for raw in process.stdout):
            if line.startswith(_STEP):
                done, total = map(int, line.removeprefix(_STEP).split())
                progress(done, total)
            elif line.startswith(_REFUSED):
                refused = json.loads(line.removeprefix(_REFUSED))
            elif line.startswith(_NO_MEMORY):
                no_room = json.loads(line.removeprefix(_NO_MEMORY))
        status = process.wait()
    finally:
        if process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        assert process.stdout is not None
        process.stdout.close()
    if no_room:
        raise NoMemoryError(no_room)
    if refused:
        raise TrainingError(refused)
    if status:
        words = log.read_text(encoding="utf-8", errors="replace").strip()
        if said := out_of_memory.in_words(words):  # bitsandbytes' own kernels end the process
            raise NoMemoryError(f"one of {processes} processes that trained failed: {said}")
        raise TrainingError(f"one of {processes} processes that trained failed: {words[-500:]}")


def main(path: str) -> int:
    """This process's part of a job."""
    die_with_parent()
    job = Job(**json.loads(Path(path).read_text(encoding="utf-8")))
    first = trl_trainer.rank() == 0
    checkpoints.EVERY = job.every
    setting = _setting(job.setting)
    try:
        with out_of_memory.said(no_memory.doing(setting.recipe), no_memory.mend(setting.recipe)):
            trl_trainer.train_samples(
                Path(job.base),
                [Sample(item, tuple(prompt), tuple(completion)) for item, prompt, completion in job.samples],
                setting,
                Path(job.folder),
                Path(job.scratch),
                _told if first else silent,
            )
    except NoMemoryError as error:
        print(f"{_NO_MEMORY}{json.dumps(str(error))}", flush=True)
        return 1
    except TrainingError as error:
        if first:
            print(f"{_REFUSED}{json.dumps(str(error))}", flush=True)
        return 1
    finally:
        _leave()
    return 0


def _setting(told: Mapping[str, Any]) -> Setting:
    """A setting that went through JSON."""
    return Setting(**{**told, "recipe": Recipe(**told["recipe"]), "experiment": Experiment(**told["experiment"])})


def _told(done: int, total: int) -> None:
    """Tell the parent process which step has begun."""
    print(f"{_STEP}{done} {total}", flush=True)


def _leave() -> None:
    from torch import distributed

    if distributed.is_initialized():
        distributed.destroy_process_group()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
