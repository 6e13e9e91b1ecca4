"""The life of a process that was started for one thing: it does that, and writes down how it ended."""

from __future__ import annotations

import signal
import traceback
from collections.abc import Callable

from harness.engines.parent import die_with_parent
from harness.jobs.papers import Papers


def told(papers: Papers, do: Callable[[], None]) -> int:
    """Exit status of a process that lives for one call: 0 where its outcome was written, be it an error.

    It ends with its parent; Ctrl-C is for the run, which ends what it started.
    """
    die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        do()
    except Exception as error:
        traceback.print_exc()
        papers.close(error)
    else:
        papers.close(None)
    return 0
