"""The process of one job: ``python -m harness.jobs.child FOLDER`` does what is written beside the folder."""

from __future__ import annotations

import signal
import sys
import traceback
from pathlib import Path

from harness.engines.parent import die_with_parent
from harness.jobs.papers import Papers


def main(folder: Path) -> int:
    """Exit status: 0 where an outcome was written, be it an error."""
    die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the run, which ends its jobs
    papers = Papers.beside(folder)
    try:
        papers.job().carry_out(folder, papers.tell())
    except Exception as error:
        traceback.print_exc()
        papers.close(error)
    else:
        papers.close(None)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
