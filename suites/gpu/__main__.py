"""Measure the project on a CUDA machine: ``python -m suites.gpu``, in less than ten minutes and without network.

What `make gpu` made is looked for in `.gpu`: wheels that the machine lacks are installed into a folder of their own,
the model is joined of its parts. Then each step of `suites.gpu.plan` runs in a process of its own. ``gpu.json`` is
written after every step, ``gpu.md`` shows it as a table, so a run that is killed leaves what it had. Exit status 0
means that every step was measured.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from harness.errors import GreenrunError
from harness.store import digests
from suites.gpu import model_parts, plan, runner, table, wheels
from suites.gpu.outcome import MEASURED, Outcome
from suites.gpu.runner import Step
from suites.gpu.sameness import sameness
from suites.gpu.scale import SCALES, usual
from suites.gpu.settings import Settings

ROOT = Path(__file__).resolve().parent.parent.parent
WITHIN = 570.0
"""Time limit of the whole run in seconds: below ten minutes even where the last step must be killed."""
_CODE = (
    "training.adapter",
    "training.trl_trainer",
    "harness.engines.checkpoint",
    "harness.engines.generate",
    "harness.engines.mount_proof",
)
_OF_THIS_MACHINE = ("work", "model", "deadline")
"""Settings that are nobody else's."""


class Report:
    """The outcomes of the steps so far. Both files are written after each step, so that a killed run leaves what it
    had."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        self.folder, self.settings = folder, settings
        self.begun = time.monotonic()
        self.date = datetime.now(UTC).date().isoformat()
        self.outcomes: list[Outcome] = []

    def begin(self, step: Step, limit: float) -> None:
        print(f"{time.monotonic() - self.begun:4.0f} s  {step.name}, at most {limit:.0f} s ...", flush=True)

    def tell(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)
        shown = f"{outcome.name:<18} {outcome.status:<10} {outcome.seconds:6.1f} s  {outcome.why}"
        print(f"{time.monotonic() - self.begun:4.0f} s  {shown}", flush=True)
        result = self.result()
        text = json.dumps(result, indent=1, default=str) + "\n"
        for name, content in (("gpu.json", text), ("gpu.md", table.document(result))):
            partial = self.folder / f"{name}.partial"
            partial.write_text(content, encoding="utf-8")
            partial.rename(self.folder / name)

    def result(self) -> dict[str, Any]:
        settings = {name: value for name, value in asdict(self.settings).items() if name not in _OF_THIS_MACHINE}
        return {
            "date": self.date,
            "device": self.settings.device,
            "settings": {**settings, "release": "/".join(self.settings.release.parts[-2:])},
            "code": digests.of_code(*_CODE),
            "seconds": time.monotonic() - self.begun,
            "steps": [asdict(outcome) for outcome in self.outcomes],
        }


def main(arguments: Sequence[str] | None = None) -> int:
    parser = _parser()
    given = parser.parse_args(arguments)
    try:
        steps = plan.chosen(given.only, given.without)
    except ValueError as error:
        parser.error(str(error))
    parts = given.parts.resolve()
    work, site = parts / "work", parts / "site"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    given.out.mkdir(parents=True, exist_ok=True)
    release = given.release.resolve()
    settings = Settings(
        release,
        work,
        given.device,
        None,
        given.items,
        given.alone,
        given.steps,
        given.tokens,
        given.scale or usual(given.device),
        time.monotonic() + given.within,
    )
    report = Report(given.out, settings)
    _surround(given.device, site)
    report.tell(_here("wheels", lambda: {"installed": wheels.install_lacking(parts / "wheels", site)}))
    report.tell(joined := _here("model", lambda: _model(parts / "model", parts / "joined")))
    if name := joined.figures.get("name"):
        report.settings = settings = replace(settings, model=parts / "joined" / name)
    log = given.out / "gpu.log"
    log.unlink(missing_ok=True)
    runner.run(steps, settings, settings.deadline, log, report.tell, tuple(report.outcomes), report.begin)
    answered = [one.name for one in report.outcomes if one.status == MEASURED and settings.answers(one.name).is_file()]
    report.tell(_here("sameness", lambda: sameness(settings, answered)))
    print(f"{time.monotonic() - report.begun:.0f} s in all: {given.out / 'gpu.md'}")
    return 0 if all(one.status == MEASURED for one in report.outcomes) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m suites.gpu", description=__doc__)
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda", help="default cuda: the first card")
    parser.add_argument("--release", type=Path, default=ROOT / "data" / "v3" / "release.toml", help="whose candidate")
    parser.add_argument("--parts", type=Path, default=ROOT / ".gpu", help="what `make gpu` made; default .gpu")
    default = Path(os.environ.get("OUT") or ROOT / "out" / "gpu")
    parser.add_argument("--out", type=Path, default=default, help="where gpu.json goes; default $OUT, else out/gpu")
    parser.add_argument("--items", type=int, default=64, help="dev items that are answered; default 64")
    parser.add_argument("--alone", type=int, default=24, help="of these, answered one by one as well; default 24")
    parser.add_argument("--steps", type=_steps, help="training steps; default: the shortest experiment's")
    parser.add_argument("--tokens", type=int, help="most tokens of an answer; default: what the tasks allow")
    parser.add_argument("--scale", choices=tuple(SCALES), help="the random base; default 8b on a card, else tiny")
    named = {"action": "append", "default": [], "metavar": "STEP"}
    parser.add_argument("--only", **named, help="this step alone, and those that it comes after; may be given again")
    parser.add_argument("--without", **named, help="not this step; may be given again")
    parser.add_argument("--within", type=float, default=WITHIN, help=f"seconds of the whole run; default {WITHIN:g}")
    return parser


def _steps(given: str) -> int:
    if int(given) < 2:
        raise argparse.ArgumentTypeError(f"{given}: at least 2, since the first one only warms up and changes nothing")
    return int(given)


def _surround(device: str, site: Path) -> None:
    """Set the environment of every step: the wheels' folder on the path, no hub, no progress bars, one card or none."""
    sys.path.insert(0, str(site))
    os.environ["PYTHONPATH"] = os.pathsep.join([str(site), str(ROOT), os.environ.get("PYTHONPATH", "")]).rstrip(
        os.pathsep
    )
    os.environ |= {"HF_HUB_OFFLINE": "1", "TQDM_DISABLE": "1"}
    # The Trainer splits its batches over all cards that it sees, in a wrapper that the project's loss does not know.
    cards = os.environ.get("CUDA_VISIBLE_DEVICES", "0").split(",")[0]
    os.environ["CUDA_VISIBLE_DEVICES"] = cards if device == "cuda" else ""


def _here(name: str, work: Callable[[], dict[str, Any]]) -> Outcome:
    """Run a function in this process and return its outcome as that of a step."""
    started = time.monotonic()
    try:
        figures = work()
    except (GreenrunError, OSError, ValueError) as error:
        return Outcome(name, "failed", time.monotonic() - started, f"{type(error).__name__}: {error}")
    return Outcome(name, MEASURED, time.monotonic() - started, figures=figures)


def _model(parts: Path, into: Path) -> dict[str, Any]:
    """The joined model; without parts the one that the spec names, which must be installed."""
    if not parts.is_dir():
        return {"name": None}
    return {"name": model_parts.join(parts, into).name}


if __name__ == "__main__":
    sys.exit(main())
