"""Run a native tool in a process of its own, and say in words how it ended.

The child leads a process group: at its end, at its time limit, or when it prints without end, the whole group is
killed, so that nothing it started outlives it. Of its output only the beginning and the end are kept.
"""

from __future__ import annotations

import os
import re
import selectors
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from harness import out_of_memory
from harness.engines.parent import die_with_parent
from harness.errors import GgufError, GreenrunError, NoMemoryError

KEPT = 256 * 1024
"""Bytes kept of the beginning of each stream, and of its end."""
FLOOD = 16 * 2**20
"""Bytes of output after which a child is killed as printing without end. A conversion prints some 50 KiB."""
_TICK = 0.05
"""Seconds between checks whether the child has ended. The end of its pipes does not tell: a child of its own may hold
them open."""

CAUSES: Mapping[int, str] = {
    signal.SIGILL: "it ran an instruction that this CPU does not have: it was built for another instruction set",
    signal.SIGSEGV: "it touched memory that is not its own: with a quantized model often a kernel for an instruction "
    "set (AMX) that this machine does not really offer, else a damaged file",
    signal.SIGBUS: "it read past the end of a mapped file: the file was cut short, or its disk is full",
    signal.SIGABRT: "it gave up by itself; its last lines say why",
    signal.SIGFPE: "it divided by zero: a damaged file, or a shape that it cannot handle",
    signal.SIGKILL: "it was killed from outside: most often the system had no memory left",
    signal.SIGXFSZ: "it wrote a file larger than the limit of this process (ulimit -f)",
    signal.SIGTERM: "it was told to stop from outside",
}
MENDS: Mapping[int, str] = {
    signal.SIGILL: "build again for a safer set (make llama-cpp ARGS=--instructions=avx2), or name a llama.cpp built "
    "on this machine with --llama-cpp=DIR",
    signal.SIGSEGV: "build again for a safer set (make llama-cpp ARGS=--instructions=avx2); if it still dies, remove "
    "the artifact that it read",
    signal.SIGBUS: "free some space and remove the artifact that it read",
    signal.SIGKILL: "give it more memory, run with fewer workers (make release WORKERS=1), or see dmesg for oom-kill",
    signal.SIGXFSZ: "raise the limit (ulimit -f unlimited) and run again",
}


@dataclass(frozen=True, slots=True)
class Ended:
    """How a child process ended, and what it left."""

    command: tuple[str, ...]
    status: int
    """Exit status; minus the signal's number where a signal ended it."""
    out: str
    err: str
    """Beginning and end of the two streams."""
    seconds: float
    peak: int
    """Peak resident memory in bytes, as last read: 0 for a child that ended before the first look. Of the child itself,
    not of its own children."""
    limit: float = 0.0
    timed_out: bool = False
    flooded: bool = False

    @property
    def ok(self) -> bool:
        return self.status == 0 and not self.timed_out and not self.flooded

    @property
    def signal(self) -> str:
        """Name of the signal that ended it, "" where it ended by itself or we ended it."""
        if self.status >= 0 or self.timed_out or self.flooded:
            return ""
        try:
            return signal.Signals(-self.status).name
        except ValueError:
            return f"signal {-self.status}"

    def explain(self) -> str:
        """One sentence on the end, the mend, and the last lines that the child printed."""
        name = Path(self.command[0]).name
        if self.timed_out:
            head = (
                f"{name} was still at work after its limit of {self.limit:g} s and was killed with all its children; "
                "raise the limit under [gates.gguf], or find what hangs"
            )
        elif self.flooded:
            head = f"{name} printed more than {FLOOD >> 20} MiB and was killed: it prints without end"
        elif self.signal:
            cause = CAUSES.get(-self.status, "no common cause is known")
            mend = MENDS.get(-self.status, "")
            head = f"{name} died of {self.signal}: {cause}" + (f"; {mend}" if mend else "")
        elif self.status:
            head = f"{name} ended with status {self.status}"
        else:
            head = f"{name} ended well"
        if not self.ok and self.seconds:
            head += f" (after {self.seconds:.1f} s, {self.peak / 2**20:.0f} MiB at most)"
        told = "" if self.ok else self.last_lines()
        return f"{head}\n{told}" if told else head

    def last_lines(self, count: int = 6) -> str:
        """The last lines of its errors, or of its output where there are none, indented."""
        lines = [line.rstrip() for line in (self.err.strip() or self.out.strip()).splitlines() if line.strip()]
        return "\n".join(f"  {line[:300]}" for line in lines[-count:])


@dataclass
class _Stream:
    """Keeps the beginning and the end of a pipe's output."""

    pipe: IO[bytes]
    head: bytearray = field(default_factory=bytearray)
    tail: bytearray = field(default_factory=bytearray)
    total: int = 0

    def take(self, data: bytes) -> None:
        self.total += len(data)
        room = max(KEPT - len(self.head), 0)
        self.head += data[:room]
        self.tail += data[room:]
        del self.tail[:-KEPT]

    def text(self) -> str:
        left_out = self.total - len(self.head) - len(self.tail)
        middle = f"\n... {left_out} bytes left out ...\n".encode() if left_out else b""
        return (bytes(self.head) + middle + bytes(self.tail)).decode("utf-8", "replace")


def run(
    command: Sequence[str | Path],
    seconds: float,
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> Ended:
    """Run a command for at most `seconds` and wait for it. Standard input is empty.

    Raises:
        OSError: it cannot be started: it is absent, or no program.
    """
    words = tuple(str(word) for word in command)
    started = time.monotonic()
    process = subprocess.Popen(
        words,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=None if env is None else dict(env),
        cwd=cwd,
        start_new_session=True,
        preexec_fn=die_with_parent,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    out, err = _Stream(process.stdout), _Stream(process.stderr)
    timed_out, flooded, peak = False, False, 0
    try:
        timed_out, flooded, peak = _read(process.pid, (out, err), started + seconds)
    finally:
        status = _end(process)
        for stream in (out, err):
            stream.pipe.close()
    took = time.monotonic() - started
    return Ended(words, status, out.text(), err.text(), took, peak, seconds, timed_out, flooded)


def _read(pid: int, streams: Sequence[_Stream], deadline: float) -> tuple[bool, bool, int]:
    """Read both streams until the child has ended, its time is over, or it prints without end.

    Returns the last two, and its peak memory in bytes.
    """
    peak = 0
    with selectors.DefaultSelector() as selector:
        for stream in streams:
            os.set_blocking(stream.pipe.fileno(), False)
            selector.register(stream.pipe, selectors.EVENT_READ, stream)
        while True:
            ended = _has_ended(pid)
            peak = max(peak, _peak_memory(pid))
            left = deadline - time.monotonic()
            if left <= 0 and not ended:
                return True, False, peak
            for key, _ in selector.select(0 if ended else min(left, _TICK)):
                data = os.read(key.fd, 2**16)
                if data:
                    key.data.take(data)
                else:
                    selector.unregister(key.fileobj)
            if sum(stream.total for stream in streams) > FLOOD:
                return False, True, peak
            if ended and not selector.select(0):
                return False, False, peak
            if not selector.get_map() and not ended:
                time.sleep(min(_TICK, max(left, 0)))


def _has_ended(pid: int) -> bool:
    """Whether the child has ended. It is not collected, so its process id cannot be given to another."""
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _peak_memory(pid: int) -> int:
    """Peak resident memory in bytes since its program started; 0 where the system does not tell.

    What wait4 gives counts the copy of this process that the child was before, which may hold a model.
    """
    try:
        found = re.search(r"^VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(encoding="utf-8"), re.MULTILINE)
    except OSError:
        return 0
    return int(found[1]) * 1024 if found else 0


def _end(process: subprocess.Popen[bytes]) -> int:
    """Kill what is left of the child's group and collect it. Returns its status."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    return process.wait()


def failed(step: str, ended: Ended) -> GreenrunError:
    """The error for a tool that did not end well: one of memory where its own words say so."""
    if not out_of_memory.in_words(f"{ended.out}\n{ended.err}"):
        return ChildError(step, ended)
    return NoMemoryError(f"{step}: {ended.explain()}\n{out_of_memory.ELSE}")


class ChildError(GgufError):
    """Raised when a tool's process did not end well."""

    def __init__(self, step: str, ended: Ended) -> None:
        super().__init__(step, ended)
        self.step, self.ended = step, ended

    def __str__(self) -> str:
        return f"{self.step}: {self.ended.explain()}"
