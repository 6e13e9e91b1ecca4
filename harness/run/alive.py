"""Tell whether a run is still under way, also one of another machine or container that shares its folder.

A process id means something only on the machine, in the boot and in the process namespace that gave it, and only
together with the start time of its process, since ids are used again. So a run records all of these when it opens, and
a thread touches its heartbeat file twice a minute. For a run of another machine only the heartbeat counts, by the clock
of the file system that holds it, which does not depend on any machine's own clock.
"""

from __future__ import annotations

import os
import platform
import tempfile
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from harness.gates.entry import Entry
from harness.gates.records import Hello

HEARTBEAT = "heartbeat"
"""Name of the heartbeat file in a run's folder."""
EVERY = 30.0
"""Seconds between two heartbeats."""
STILL = 24 * 3600.0
"""Seconds without a heartbeat after which a run of another machine counts as ended. A machine that sleeps or lost its
network comes back, and waiting for it costs no more than a day of disk space."""


def identity() -> Hello:
    """The identity of this process for its journal: machine, boot, process namespace, process id and start time."""
    return Hello(os.getpid(), **_place(), started=_started(os.getpid()))


def lives(run: Path, journal: Iterable[Entry]) -> bool:
    """Whether a run's main process may still be at work.

    Args:
        run: its folder.
        journal: of the run.
    """
    return any(_lives(run, one) for one in _opened(journal))


def elsewhere(journal: Iterable[Entry]) -> bool:
    """Whether a run's main process belongs to another machine, boot or container, or does not say to which."""
    return any(not _is_here(one) for one in _opened(journal))


def _opened(journal: Iterable[Entry]) -> list[Hello]:
    return [one.record for one in journal if isinstance(one.record, Hello) and one.process == "main"]


class Heart(threading.Thread):
    """Touches a run's heartbeat file until the process ends."""

    def __init__(self, run: Path) -> None:
        super().__init__(daemon=True, name="greenrun-heartbeat")
        self._file = run / HEARTBEAT
        self._stopped = threading.Event()

    def run(self) -> None:
        while True:
            with suppress(OSError):  # a full disk or a lost network ends no run
                self._file.touch()
            if self._stopped.wait(EVERY):
                return

    def stop(self) -> None:
        self._stopped.set()


def _lives(run: Path, opened: Hello) -> bool:
    return _runs(opened.pid, opened.started) if _is_here(opened) else _beats(run)


def _is_here(opened: Hello) -> bool:
    return all(getattr(opened, name) == value for name, value in _place().items())


def _place() -> dict[str, str]:
    return {"host": platform.node(), "boot": _boot(), "namespace": _namespace()}


def _boot() -> str:
    """Id of this boot of the kernel; "" where the system has none."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _namespace() -> str:
    """Id of the namespace that process ids are given in: every container has its own."""
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return ""


def _started(pid: int) -> int:
    """Start time of a process in clock ticks since boot (proc(5), field 22); 0 where it is unknown."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        return int(stat.rpartition(")")[2].split()[19])
    except (OSError, ValueError, IndexError):
        return 0


def _runs(pid: int, started: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # somebody else's, and alive
    now = _started(pid)
    return 0 in (started, now) or now == started


def _beats(run: Path) -> bool:
    """Whether the last sign of life is younger than `STILL`: the heartbeat, or, where there is none, the journal."""
    signs = [run / HEARTBEAT, *(run / "evidence").glob("*.jsonl")]
    last = max((path.stat().st_mtime for path in signs if path.exists()), default=None)
    return last is not None and _now(run) - last < STILL


def _now(folder: Path) -> float:
    """The time by the clock that stamps files in `folder`; by this machine's clock where the folder cannot be
    written."""
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".clock") as file:
            return os.stat(file.name).st_mtime
    except OSError:
        return time.time()
