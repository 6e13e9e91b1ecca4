"""Generate a batch of stored answers again, in a process that has done nothing else.

Answers that depend on what a process did before (a cache, a kernel chosen by timing, weights laid out anew by an
earlier pass, a loader that draws lots) are the same whenever that process is asked, and other ones in the next.
``python -m harness.engines.fresh_process`` reads a `Job` as JSON and writes its answers, one a line.
"""

from __future__ import annotations

import hashlib
import json
import os
import pkgutil
import signal
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from harness import out_of_memory
from harness.dataset.item import Item
from harness.engines import halving
from harness.engines.answers import Answer
from harness.engines.generate import Decoding, batches
from harness.engines.halving import Halved
from harness.engines.parent import die_with_parent
from harness.errors import GreenrunError, NoMemoryError
from harness.project import ROOT
from harness.spec.serve import Precision, Serve
from harness.spec.work import Generation


@dataclass(frozen=True, slots=True)
class Job:
    """One batch of items, and what loads the model that answers it."""

    form: str
    """Where the form is found that opens base and adapter: ``module:NAME``."""
    base: str
    adapter: str
    threads: int
    max_new_tokens: int
    prompts: Sequence[tuple[str, Sequence[Mapping[str, Any]]]]
    """(item id, messages) of every item of the batch."""
    stop: Sequence[str] = ()
    tools: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    """Item id -> what it may call, of items that have tools."""
    serve: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """``[serve]`` as TOML gives it: device -> key -> value."""
    batch_tokens: int = Generation.batch_tokens
    """As the batch was answered with: it holds no more, or one item."""


def draw(
    lengths: Mapping[str, int], decoding: Decoding, seed: str, halved: Iterable[Halved] = ()
) -> tuple[int, list[list[str]]]:
    """(index of the batch to generate again, all batches) of an answer sheet, as they were really asked.

    Args:
        lengths: item id -> tokens of its prompt, of the whole sheet.
        decoding: what it was answered with.
        seed: a digest of the sheet's content, so that nobody chooses the batch, and a sheet that was changed draws
            anew.
        halved: the batches that did not fit in memory; each half of them is a batch here.
    """
    found = halving.as_asked(batches(lengths, decoding), halved)
    return int(hashlib.sha256(f"again {seed}".encode()).hexdigest(), 16) % len(found), found


def part(parts: int, seed: str) -> int:
    """Index of the item list to draw from, where a sheet was asked in several; 0 where there is one."""
    return int(hashlib.sha256(f"part {seed}".encode()).hexdigest(), 16) % parts


def ask(job: Job) -> list[Answer]:
    """The answers of a fresh process to one batch.

    Raises:
        NoMemoryError: the process had not the memory that the batch had before.
        GreenrunError: it failed; with its last words.
    """
    done = subprocess.run(
        [sys.executable, "-m", __name__],
        cwd=ROOT,
        input=json.dumps(asdict(job)),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        if short := out_of_memory.in_words(done.stderr):
            raise NoMemoryError(f"the process that was to answer again failed: {short}")
        cause = f"died of {signal.Signals(-done.returncode).name}" if done.returncode < 0 else "failed"
        raise GreenrunError(f"the process that was to answer again {cause}: {done.stderr.strip()[-500:]}")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    return [Answer(**{**row, "ids": tuple(row["ids"])}) for row in rows]


def answer(job: Job) -> list[Answer]:
    """Answers to the whole batch by this process. The whole batch is asked, so that the padding is the same as before.

    Raises:
        NoMemoryError: it does not fit at once. In halves it would be another batch.
    """
    items = [
        Item(
            name,
            "",
            "",
            "",
            messages=tuple(messages),
            reference="",
            points=(),
            line=0,
            tools=tuple(job.tools.get(name, ())),
        )
        for name, messages in job.prompts
    ]
    form = pkgutil.resolve_name(job.form).serving(Serve(**{name: Precision(**one) for name, one in job.serve.items()}))
    with form.opened(Path(job.base), Path(job.adapter), job.threads) as engine:
        decoding = Decoding(len(items), job.max_new_tokens, tuple(job.stop), job.batch_tokens)
        given: list[Answer] = engine.answer(items, decoding)
        for one in engine.halved():
            raise NoMemoryError(one.why)
        return given


def main() -> int:
    die_with_parent()
    job = Job(**json.load(sys.stdin))
    # Libraries print what they like to the standard output; the answers need it to themselves.
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as out:
        os.dup2(2, 1)
        for one in answer(job):
            print(json.dumps(asdict(one), sort_keys=True), file=out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
