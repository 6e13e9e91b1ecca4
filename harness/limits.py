"""End a stage that hangs: first by an exception, then, where no Python code runs any more, by ending the process."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from harness.errors import StageTimeoutError

GRACE = 30.0
"""Seconds that a stage gets to react to the exception: a call that never returns to Python cannot."""
STUCK = 70
"""Exit status of a process that had to be ended (EX_SOFTWARE of BSD's sysexits)."""


@contextmanager
def within(stage: str, seconds: float | None, last_word: Callable[[str], None], grace: float = GRACE) -> Iterator[None]:
    """Run the body for at most `seconds`; None sets no limit. For a process's main thread, where signals arrive.

    Args:
        last_word: told why, just before a process that no longer reacts is ended.

    Raises:
        StageTimeoutError: naming `stage`.
    """
    if seconds is None or threading.current_thread() is not threading.main_thread():
        yield
        return
    cause = f"{stage}: still at work after its limit of {seconds:g} s; raise it under [limits], or find what hangs"

    def give_up() -> None:
        last_word(f"{cause}; the process did not react and was ended")
        os._exit(STUCK)

    def interrupt(number: int, frame: object) -> None:
        raise StageTimeoutError(cause)

    watchdog = threading.Timer(seconds + grace, give_up)
    watchdog.daemon = True
    before = signal.signal(signal.SIGALRM, interrupt)
    watchdog.start()
    others = signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        signal.setitimer(signal.ITIMER_REAL, *others)  # a timeout plugin's own alarm goes on
        watchdog.cancel()
