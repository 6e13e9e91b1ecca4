"""Progress of long work: workers write where they are, the controller shows it past pytest's capture."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

PLAIN_EVERY = 20.0
"""Seconds between lines where the output is no terminal."""


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


def describe(state: dict[str, object]) -> str:
    """``train v3a multitask: 24/45, 0.9/s, 23 s to go``"""
    done, total = int(str(state["done"])), int(str(state["total"]))
    seconds = max(float(str(state["at"])) - float(str(state["started"])), 1e-9)
    left = f", {(total - done) * seconds / done:.0f} s to go" if done else ""
    return f"{state['stage']}: {done}/{total}, {done / seconds:.1f}/s{left}"


class Watcher(threading.Thread):
    """Tails the workers' progress files; one line rewritten on a terminal, an occasional plain line elsewhere."""

    def __init__(self, folder: Path, stream: TextIO) -> None:
        super().__init__(daemon=True, name="greenrun-progress")
        self.folder = folder
        self._out = os.fdopen(os.dup(stream.fileno()), "w", encoding="utf-8") if _has_descriptor(stream) else None
        self._terminal = self._out is not None and self._out.isatty()
        self._done = threading.Event()
        self._shown = ""

    def run(self) -> None:
        interval = 0.5 if self._terminal else PLAIN_EVERY
        while not self._done.wait(interval):
            self._show(self._read())

    def stop(self) -> None:
        self._done.set()
        self.join(timeout=5)
        if self._out is not None:
            self._out.close()

    def _read(self) -> str:
        states = []
        for path in sorted(self.folder.glob("*.json")):
            try:
                state = json.loads(path.read_text(encoding="utf-8"))
            except (OSError, ValueError):
                continue  # replaced this very moment
            if state["done"] < state["total"]:
                states.append(describe(state))
        return " | ".join(states)

    def _show(self, text: str) -> None:
        if self._out is None or not text or text == self._shown:
            return
        self._shown = text
        self._out.write(f"\r\x1b[2K{text}" if self._terminal else f"\n  {text}\n")
        self._out.flush()


def _has_descriptor(stream: TextIO) -> bool:
    try:
        stream.fileno()
    except (OSError, ValueError):
        return False
    return True
