"""The release's whole run on this device, from nothing: trained, answered, judged, packed."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.engines.parent import die_with_parent
from harness.errors import GreenrunError
from harness.project import ROOT
from suites.gpu.outcome import UnfinishedError
from suites.gpu.settings import Settings
from suites.gpu.steps import device

RUN = "gpu"
GRACE = 15.0
"""Seconds before the step's own limit at which an unfinished run is ended, so that what it reached can be told."""
MOST_TOLD = 5
_SOURCE = re.compile(r'^source = "[^"]*"', re.MULTILINE)


def release(settings: Settings, limit: float, workers: int) -> dict[str, Any]:
    """``pytest suites/release`` in a copy of the release's folder, with a store of its own.

    Args:
        limit: of the step, in seconds.
        workers: processes that share the work, and the card.

    Raises:
        UnfinishedError: it was not done in time; holds what it had reached.
    """
    device.require(settings)
    spec, out = copied(settings), settings.work / "released"
    shutil.rmtree(out, ignore_errors=True)
    started = time.monotonic()
    left = min(limit, settings.deadline - started) - GRACE
    status = _run(
        [f"--release={spec}", f"--out={out}", f"--run-id={RUN}", *(["-n", str(workers)] if workers > 1 else [])], left
    )
    figures = {
        "ended": status is not None,
        "status": status,
        "workers": workers,
        "seconds": time.monotonic() - started,
        **reached(out / "runs" / RUN),
    }
    if status is None:
        raise UnfinishedError(f"ended after {left:.0f} s", figures)
    return figures


def copied(settings: Settings) -> Path:
    """The spec in a copy of its folder: a run writes to its ledger. Its base is the joined model, where one came
    along; the pin stays."""
    folder = settings.work / "release"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(settings.release.parent, folder)
    spec = folder / settings.release.name
    if settings.model is not None:
        text = spec.read_text(encoding="utf-8")
        spec.write_text(_SOURCE.sub(f'source = "path:{settings.model}"', text, count=1), encoding="utf-8")
    return spec


def reached(run: Path) -> dict[str, Any]:
    """What the run's journal shows, whether or not it came to its end: the verdict, gates by outcome, what is red."""
    from harness.report import rejudge

    try:
        paper: Mapping[str, Any] = rejudge.judge(run)
    except (GreenrunError, OSError) as error:
        return {"verdict": None, "gates": {}, "red": [], "reasons": [f"nothing was reached: {error}"[:300]]}
    red = [one["id"] for one in paper["gates"] if one["blocking"] and one["outcome"] not in ("passed", "not_run")]
    return {
        "verdict": paper["verdict"],
        "gates": dict(Counter(one["outcome"] for one in paper["gates"])),
        "red": red,
        "reasons": [str(one)[:300] for one in paper["reasons"][:MOST_TOLD]],
    }


def _run(arguments: list[str], left: float) -> int | None:
    """Exit status of the run; None where it was ended after `left` seconds. What it prints is the step's own."""
    command = [sys.executable, "-m", "pytest", "-c", str(ROOT / "pyproject.toml"), "suites/release", *arguments]
    run = subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.DEVNULL, start_new_session=True, preexec_fn=die_with_parent
    )
    try:
        return run.wait(timeout=max(left, 0.0))
    except subprocess.TimeoutExpired:
        os.killpg(run.pid, signal.SIGKILL)  # workers are of its session
        run.wait()
        return None
