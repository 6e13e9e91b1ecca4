"""Progress of long work: each worker writes its state to a file, and the controller shows it.

On a terminal one line is rewritten in place. Anywhere else a plain line is added, at most one a minute and without
control characters, so that a log stays a log.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

from harness.text.columns import columns_of, cut

PLAIN_EVERY = 60.0
"""Seconds between lines where the output is no terminal."""
REDRAWN_EVERY = 0.5
"""Seconds between two redraws of a terminal's line."""
NARROW = 60
"""Columns of a terminal below which a state is shown in its short form."""

State = Mapping[str, Any]


def reporter(folder: Path, process: str, stage: str) -> Callable[[int, int], None]:
    """A callable (done, total) that leaves the state of one stage in ``folder/process.json``."""
    started = time.time()

    def report(done: int, total: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        state = {"stage": stage, "done": done, "total": total, "started": started, "at": time.time()}
        fresh = folder / f"{process}.json.new"
        fresh.write_text(json.dumps(state), encoding="utf-8")
        fresh.replace(folder / f"{process}.json")

    return report


def describe(state: State) -> str:
    """``train v3a multitask: 24/45, 0.9/s, 23 s to go``"""
    done, total = state["done"], state["total"]
    seconds = max(state["at"] - state["started"], 1e-9)
    left = f", {length(_left(state))} to go" if done else ""
    return f"{state['stage']}: {done}/{total}, {done / seconds:.1f}/s{left}"


def briefly(state: State, width: int) -> str:
    """``23 s: train v3a multitask``, cut at the stage's name."""
    return cut(f"{length(_left(state))}: {state['stage']}" if state["done"] else str(state["stage"]), width)


def length(seconds: float) -> str:
    """A length of time for people: ``23 s``, ``4 min``, ``2 h 05 min``."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60:02d} min"


def line(elapsed: float, usual: float | None, gates: Gates, states: Sequence[State], width: int | None) -> str:
    """The state of the run in one line.

    Args:
        elapsed: seconds since it began.
        usual: seconds that it is thought to take; None where nothing tells.
        states: of the stages at work, one a worker.
        width: columns that the line may take; None: as many as it needs.
    """
    red = f", {gates.red} red" if gates.red else ""
    head = f"{gates.done}/{gates.total} gates{red}"
    if width is not None and width < NARROW:
        slowest = max(states, key=_left, default=None)
        told = f"{head} | {briefly(slowest, width - columns_of(head) - 3)}" if slowest else f"{head}, {length(elapsed)}"
        return cut(told, width)
    of = f" of about {length(usual)}" if usual is not None and elapsed < usual else ""
    whole = " | ".join((f"{length(elapsed)}{of}, {head}", *map(describe, states)))
    return whole if width is None else cut(whole, width)


def _left(state: State) -> float:
    """Seconds that a stage still takes at its present speed; infinite before its first step."""
    done, spent = state["done"], state["at"] - state["started"]
    return (state["total"] - done) * max(spent, 1e-9) / done if done else float("inf")


class Gates:
    """Counts how many gates of a run have been judged, and how many of them are red."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.done = self.red = 0

    def judged(self, red: bool) -> None:
        self.done += 1
        self.red += red


class Watcher(threading.Thread):
    """A thread that shows where a run is until it is stopped: stages from the workers' files, gates from a counter."""

    def __init__(self, folder: Path, stream: TextIO, gates: Gates, rewrites: bool = True) -> None:
        """
        Args:
            folder: holds one file of state a worker.
            rewrites: False: plain lines, also on a terminal.
        """
        super().__init__(daemon=True, name="greenrun-progress")
        self.folder = folder
        self.gates = gates
        self.usual: float | None = None
        """Seconds that the run is expected to take; None where that is unknown."""
        self._out = os.fdopen(os.dup(stream.fileno()), "w", encoding="utf-8") if _has_descriptor(stream) else None
        self._rewrites = rewrites and self._out is not None and is_terminal(self._out)
        self._ended = threading.Event()
        self._began = time.time()
        self._told: tuple[object, ...] = ()

    def run(self) -> None:
        while not self._ended.wait(REDRAWN_EVERY if self._rewrites else PLAIN_EVERY):
            self._tell()

    def stop(self) -> None:
        """Stop the thread, and leave no half line behind."""
        self._ended.set()
        if self.is_alive():
            self.join(timeout=5)
        if self._out is not None:
            if self._rewrites:
                self._write("\r\x1b[2K")
            self._out.close()

    def _tell(self) -> None:
        states = self._states()
        now = (self.gates.done, *((state["stage"], state["done"]) for state in states))
        elapsed = time.time() - self._began
        if self._rewrites:
            width = _columns(self._out) - 1  # a full line would move to the next
            self._write(f"\r\x1b[2K{line(elapsed, self.usual, self.gates, states, width)}")
        elif now != self._told:
            self._write(f"  {line(elapsed, self.usual, self.gates, states, None)}\n")
        self._told = now

    def _write(self, text: str) -> None:
        if self._out is None:
            return
        try:
            self._out.write(text)
            self._out.flush()
        except (OSError, ValueError):  # whoever read it has gone; the run goes on
            self._out = None

    def _states(self) -> list[State]:
        """States of the stages that are under way."""
        found = []
        for path in sorted(self.folder.glob("*.json")):
            try:
                state = json.loads(path.read_text(encoding="utf-8"))
            except (OSError, ValueError):
                continue  # replaced this very moment
            if state["done"] < state["total"]:
                found.append(state)
        return found


def is_terminal(stream: TextIO) -> bool:
    """Whether a line can be redrawn there: a terminal that supports it, and not the terminal of a CI job."""
    return stream.isatty() and os.environ.get("TERM", "dumb") != "dumb" and not os.environ.get("CI")


def _columns(stream: TextIO | None) -> int:
    """Columns of the terminal itself, since standard output may be captured."""
    try:
        return (os.get_terminal_size(stream.fileno()).columns if stream is not None else 0) or 80
    except (OSError, ValueError):
        return 80


def _has_descriptor(stream: TextIO) -> bool:
    try:
        stream.fileno()
    except (OSError, ValueError):
        return False
    return True
