"""Answers of a process that has done nothing else, for tests that hold this one's against them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from harness.dataset.item import Item
from harness.engines import answers
from harness.engines.answers import Answer
from harness.engines.generate import Decoding
from harness.engines.progress import silent
from harness.forms import jobs, nf4
from harness.jobs.call import Call
from harness.jobs.job import Job
from harness.jobs.process import Process
from harness.spec.serve import Serve


def answered(
    place: Path, base: Path, adapter: Path, items: Sequence[Item], most: int, serve: Serve | None = None
) -> list[Answer]:
    """What a fresh process answers to the items, all in one batch, in the form ``nf4``.

    Args:
        place: a folder to work in.
        most: tokens of an answer.
    """
    folder = place / "content"
    folder.mkdir(parents=True)
    opened = nf4.FORM.lent(serve or Serve(), base, adapter, 1)
    call = Call.of(jobs.answer, opened=opened, items=items, decoding=Decoding(len(items), most))
    Process().run(Job(call, "again"), folder, silent)
    return list(answers.read(folder, [item.id for item in items]).values())
