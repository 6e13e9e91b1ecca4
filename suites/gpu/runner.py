"""Run steps, each in a process of its own with a time limit: a crash is reported, and the next step goes on.

A step's memory, on the card as well, is free again when its process has ended. Imports of the standard library alone:
the machine may lack everything else until the wheels are installed.
"""

from __future__ import annotations

import faulthandler
import importlib
import json
import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from harness.engines.parent import die_with_parent
from suites.gpu import card, partial
from suites.gpu.outcome import MEASURED, TIMED_OUT, NotHereError, Outcome, UnfinishedError
from suites.gpu.settings import Settings

_WARM = "suites.gpu.warm"
_TAIL = 2000
_GRACE = 10.0


@dataclass(frozen=True, slots=True)
class Step:
    name: str
    function: str
    """``module:function``, called with the settings and the arguments; returns the figures."""
    limit: float
    """Time limit in seconds."""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    after: tuple[str, ...] = ()
    """Steps one of which must have been measured; none: it stands alone."""


def run(
    steps: Sequence[Step],
    settings: Settings,
    deadline: float,
    log: Path,
    tell: Callable[[Outcome], None],
    before: Sequence[Outcome] = (),
    begin: Callable[[Step, float], None] = lambda step, limit: None,
) -> None:
    """Run the steps in their order.

    Args:
        deadline: on the clock of `time.monotonic`; no step goes on behind it.
        log: all that the steps print is appended to it.
        tell: called with what became of each step.
        before: what was done already, for the steps that need it.
        begin: called with each step that is begun, and with the seconds that it has.
    """
    measured = {one.name for one in before if one.status == MEASURED}
    used = card.used(settings.device)
    for step in steps:
        if step.after and not measured.intersection(step.after):
            outcome = Outcome(step.name, "skipped", why=f"{' and '.join(step.after)} left nothing for it")
        elif (left := deadline - time.monotonic()) <= 0:
            outcome = Outcome(step.name, "skipped", why="no time was left")
        else:
            limit = min(step.limit, left)
            begin(step, limit)
            outcome = _run_one(step, settings, limit, log)
            after = card.given_back(settings.device, used)
            outcome, used = replace(outcome, used_before=used, used_after=after), after
        if outcome.status == MEASURED:
            measured.add(step.name)
        tell(outcome)


def _run_one(step: Step, settings: Settings, limit: float, log: Path) -> Outcome:
    result = settings.work / f"{step.name}.result"
    result.unlink(missing_ok=True)
    partial.forget(settings.work, step.name)
    with log.open("ab") as stream:
        stream.write(f"== {step.name}\n".encode())
    begin, started = log.stat().st_size, time.monotonic()
    process = _process(settings, (step, settings, str(log), str(result)))
    process.start()
    process.join(limit)
    in_time = process.exitcode is not None
    if not in_time:
        process.kill()
        process.join(_GRACE)
    seconds = time.monotonic() - started
    if in_time and process.exitcode == 0 and result.is_file():
        told = json.loads(result.read_text(encoding="utf-8"))
        return Outcome(step.name, told["status"], seconds, told["why"], figures=told["figures"])
    tail = log.read_bytes()[begin:].decode(errors="replace")[-_TAIL:].strip()
    so_far = partial.kept(settings.work, step.name)
    if not in_time:
        return Outcome(step.name, TIMED_OUT, seconds, f"ended after {limit:.0f} s", tail, so_far)
    return Outcome(step.name, "failed", seconds, _cause(process.exitcode or 0, tail), tail, so_far)


def _process(settings: Settings, arguments: tuple[Any, ...]) -> BaseProcess:
    """A process for a step, not started yet.

    CUDA does not survive a fork, so on a card each step starts afresh. On a processor the libraries are imported once,
    in a process that computes nothing, and the steps are forked from it: ten imports would take longer than the steps.
    """
    if settings.device == "cuda":
        return get_context("spawn").Process(target=_child, args=arguments)
    context = get_context("forkserver")
    context.set_forkserver_preload([_WARM])
    return context.Process(target=_child, args=arguments)


def _child(step: Step, settings: Settings, log: str, result: str) -> None:
    """Run a step in its own process: what it prints goes to the log, its figures to the result. An error ends the
    process."""
    die_with_parent()
    stream = os.open(log, os.O_WRONLY | os.O_APPEND)
    os.dup2(stream, 1)
    os.dup2(stream, 2)
    faulthandler.enable(2)
    module, _, name = step.function.partition(":")
    try:
        figures = getattr(importlib.import_module(module), name)(settings, **step.arguments)
        told = {"status": MEASURED, "why": "", "figures": figures}
    except NotHereError as absent:
        told = {"status": "skipped", "why": str(absent), "figures": {}}
    except UnfinishedError as unfinished:
        told = {"status": TIMED_OUT, "why": str(unfinished), "figures": dict(unfinished.figures)}
    unfinished_file = Path(f"{result}.partial")
    unfinished_file.write_text(json.dumps(told), encoding="utf-8")
    unfinished_file.rename(result)


def _cause(status: int, tail: str) -> str:
    if status < 0:
        return f"died of {signal.Signals(-status).name}"
    return tail.splitlines()[-1] if tail else f"ended with exit status {status} and said nothing"
