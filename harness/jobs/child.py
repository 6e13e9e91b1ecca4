"""The process of one job: ``python -m harness.jobs.child FOLDER`` does what is written beside the folder."""

from __future__ import annotations

import sys
from pathlib import Path

from harness.jobs import outcome
from harness.jobs.papers import Papers


def main(folder: Path) -> int:
    papers = Papers.beside(folder)
    return outcome.told(papers, lambda: papers.job().carry_out(folder, papers.tell()))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
