"""A program in a process of its own, asked over its standard streams: whatever it does, this process survives and says
what happened.

Each request is one JSON line. Each reply is one JSON line that says how many raw ``bytes`` follow it and the ``peak``
of the program's memory, or an ``error``. The program says ``{"ready": true, "bytes": 0}`` once it can be asked.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import IO, Any

from harness import out_of_memory
from harness.engines.native import CAUSES, MENDS
from harness.errors import EngineError, GreenrunError, NoMemoryError

PATIENCE = 300.0
"""Seconds that one reply may take: a batch of 64 answers of a 135M model takes half a minute on one core."""
MOST_REPLY = 1 << 20
"""Most bytes of one reply's line; a longer line is an error."""
LAST_WORDS = 2000
"""Bytes of the child's standard error that a message shows."""


class Child:
    """One program that was started; `started` makes it. Requests go one at a time."""

    def __init__(
        self, who: str, what: str, process: subprocess.Popen[bytes], errors: IO[bytes], patience: float
    ) -> None:
        self.peak = 0
        """Most bytes that the program has held so far."""
        self.ready: Mapping[str, Any] = {}
        """What it said once it could be asked."""
        self._who, self._what, self._process, self._errors = who, what, process, errors
        self._patience = patience
        self._held = b""

    def ask(self, request: Mapping[str, Any], seconds: float | None = None) -> tuple[dict[str, Any], bytes]:
        """The reply to a request, and the raw bytes behind it.

        Args:
            seconds: limit of this reply, where it is another than that of any reply.

        Raises:
            EngineError: the program died, hung, refused, or said what is no reply.
            NoMemoryError: it refused or died for lack of memory, by its own words.
        """
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # it is dead, which the reading of its reply finds out
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            self._process.stdin.flush()
        reply, raw = self._reply(str(request["op"]), seconds)
        if "error" in reply:
            raise _failed(f"{self._who} refused {request['op']!r} on {self._what}: {reply['error']}")
        self.peak = max(self.peak, int(reply["peak"]))
        return reply, raw

    def await_ready(self, seconds: float | None = None) -> None:
        self.ready = self._reply("load", seconds)[0]

    def _reply(self, step: str, seconds: float | None) -> tuple[dict[str, Any], bytes]:
        limit = self._patience if seconds is None else seconds
        deadline = time.monotonic() + limit
        while b"\n" not in self._held:
            if len(self._held) > MOST_REPLY:
                raise EngineError(f"{self._who} flooded its output at {step!r} on {self._what}; is it the program?")
            self._held += self._read(step, limit, deadline)
        line, _, rest = self._held.partition(b"\n")
        try:
            reply = json.loads(line)
            wanted = int(reply["bytes"])
        except (ValueError, KeyError, TypeError) as error:
            raise EngineError(f"{self._who} answered {line[:80]!r} at {step!r} on {self._what}") from error
        parts, held = [rest], len(rest)
        while held < wanted:
            parts.append(self._read(step, limit, deadline))
            held += len(parts[-1])
        whole = b"".join(parts)
        self._held = whole[wanted:]
        return reply, whole[:wanted]

    def _read(self, step: str, limit: float, deadline: float) -> bytes:
        assert self._process.stdout is not None
        ready, _, _ = select.select([self._process.stdout], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            raise EngineError(f"{self._who} gave no reply at {step!r} on {self._what} within {limit:g} s and was ended")
        chunk = os.read(self._process.stdout.fileno(), 1 << 20)
        if not chunk:
            raise _failed(self._epitaph(step))
        return chunk

    def _epitaph(self, step: str) -> str:
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=10)
        code = self._process.returncode or 0
        place = f"at {step!r} on {self._what}"
        if code < 0:
            name, mend = signal.Signals(-code).name, MENDS.get(-code, "")
            cause = f"died of {name} {place}: {CAUSES.get(-code, 'no common cause is known')}{mend and f'; {mend}'}"
        else:
            cause = f"ended with status {code} {place}"
        self._errors.seek(0, os.SEEK_END)
        self._errors.seek(max(0, self._errors.tell() - LAST_WORDS))
        said = self._errors.read().decode("utf-8", "replace").strip().splitlines()[-3:]
        return "\n".join([f"{self._who} {cause}", *(f"  it said: {line}" for line in said)])


def _failed(told: str) -> GreenrunError:
    """The error that a failure is, by what is told of it."""
    if not out_of_memory.in_words(told):
        return EngineError(told)
    first, *others = told.splitlines()
    return NoMemoryError("\n".join([f"{first}; {out_of_memory.ELSE}", *others]))


@contextmanager
def started(
    command: Sequence[str],
    environment: Mapping[str, str],
    patience: float,
    who: str,
    what: str,
    loading: float | None = None,
) -> Iterator[Child]:
    """A program that is ready to be asked, and ends with the context, come what may.

    Args:
        environment: all its variables.
        patience: seconds that one reply may take.
        who, what: the program and what it has loaded, for messages.
        loading: seconds until it can be asked, where they are others.

    Raises:
        EngineError: it cannot be started, died (by which signal), hung, or could not load what it was given.
    """
    with tempfile.TemporaryFile() as errors:
        try:
            process = subprocess.Popen(
                list(command),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=dict(environment),
                start_new_session=True,
            )
        except OSError as error:
            raise EngineError(f"{command[0]} cannot be started ({error.strerror})") from error
        try:
            child = Child(who, what, process, errors, patience)
            child.await_ready(loading)
            yield child
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            for pipe in (process.stdin, process.stdout):
                with suppress(OSError):
                    if pipe is not None:
                        pipe.close()
