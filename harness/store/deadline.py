"""End a stage that hangs: first by an exception, then, where no Python code runs any more, by ending the process."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from harness.errors import StageTimeoutError

GRACE = 30
"""Seconds between the exception and the end of the process: a call that never returns to Python cannot raise it."""
STUCK = 70
"""Exit status of a process that had to be ended (EX_SOFTWARE of BSD's sysexits)."""
KNOCK = signal.SIGVTALRM
"""Signal that is sent to the main thread itself. An alarm may be delivered to another thread while the main one goes on
waiting."""


@contextmanager
def within(stage: str, seconds: float | None, last_word: Callable[[str], None], grace: int = GRACE) -> Iterator[None]:
    """Run the body for at most `seconds`; None sets no limit. For a process's main thread, where signals arrive.

    Args:
        last_word: told why, just before a process that no longer reacts is ended.
        grace: seconds from the first knock to that end.

    Raises:
        StageTimeoutError: naming `stage`.
    """
    if seconds is None or threading.current_thread() is not threading.main_thread():
        yield
        return
    cause = f"{stage}: still at work after its limit of {seconds:g} s; raise it under [limits], or find what hangs"
    ended, knocking = threading.Event(), threading.Lock()

    def interrupt(number: int, frame: object) -> None:
        if not ended.is_set():
            raise StageTimeoutError(cause)

    def watch() -> None:
        if ended.wait(seconds):
            return
        for _ in range(grace):
            with knocking:
                if not ended.is_set():
                    signal.pthread_kill(threading.main_thread().ident or 0, KNOCK)
            if ended.wait(1.0):
                return
        last_word(f"{cause}; the process did not react and was ended")
        os._exit(STUCK)

    before = signal.signal(KNOCK, interrupt)
    threading.Thread(target=watch, daemon=True).start()
    try:
        yield
    finally:
        while not ended.is_set():
            with suppress(StageTimeoutError):  # a knock that came as the body ended
                ended.set()
        with knocking:  # nobody knocks from here on: what was installed before may be the default, which kills
            signal.signal(KNOCK, before)
