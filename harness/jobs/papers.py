"""What a job and its process tell each other: files in a folder beside the artifact's own.

``job.json`` goes in; ``progress.json``, ``log`` and, at the end, ``outcome.json`` come out. Files, and no pipe, since
the two may be on different machines that share the store.
"""

from __future__ import annotations

import json
import pkgutil
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from harness import out_of_memory
from harness.engines.progress import Progress
from harness.errors import GreenrunError, JobError, NoMemoryError
from harness.jobs.call import Call
from harness.jobs.job import Job

NAME = "job"
WRITTEN_EVERY = 0.2
"""Seconds between two writings of a job's progress."""
LAST_WORDS = 500
"""Characters of a log that an error quotes."""


@dataclass(frozen=True, slots=True)
class Papers:
    """The files of one job."""

    folder: Path

    @classmethod
    def beside(cls, content: Path) -> Papers:
        return cls(content.with_name(NAME))

    @property
    def log(self) -> Path:
        return self.folder / "log"

    def begin(self, job: Job) -> None:
        """Write the job down, in a folder that holds nothing else."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        _put(self.folder / "job.json", asdict(job))

    def job(self) -> Job:
        row = _got(self.folder / "job.json")
        return Job(**{**row, "call": Call(**row["call"])})

    def tell(self) -> Progress:
        """The progress callback of the process that does the job."""
        last = [0.0]

        def told(done: int, total: int) -> None:
            if done == total or time.monotonic() - last[0] >= WRITTEN_EVERY:
                last[0] = time.monotonic()
                _put(self.folder / "progress.json", [done, total])

        return told

    def close(self, error: BaseException | None) -> None:
        """Write how the job ended."""
        _put(self.folder / "outcome.json", {} if error is None else _said(error))

    def end(self, label: str, otherwise: GreenrunError | None) -> None:
        """Return where the job ended well.

        Args:
            otherwise: the error for a process that ended without an outcome.

        Raises:
            Exception: the one that the job raised, of the same class and words.
            JobError: it raised one that is nobody's on purpose, or told nothing.
            NoMemoryError: it told nothing but, in its last words, that memory ran out.
        """
        try:
            row = _got(self.folder / "outcome.json")
        except (OSError, ValueError):
            told = f"{label}: {otherwise or 'its process ended without an outcome'}"
            raise (NoMemoryError if out_of_memory.in_words(told) else JobError)(told) from None
        if row:
            raise raised(label, row)

    def last_words(self) -> str:
        """`` : the end of the log`` in one line; "" where it is empty."""
        try:
            words = " ".join(self.log.read_text(encoding="utf-8", errors="replace")[-LAST_WORDS:].split())
        except OSError:
            return ""
        return f": {words}" if words else ""


@dataclass(slots=True)
class Relay:
    """Tells on what a job's process told, where that is new."""

    papers: Papers
    progress: Progress
    _last: Any = field(default=None)

    def look(self) -> None:
        try:
            now = _got(self.papers.folder / "progress.json")
        except (OSError, ValueError):
            return  # nothing was told yet
        if now != self._last:
            self._last = now
            self.progress(*now)


def _said(error: BaseException) -> dict[str, Any]:
    """An exception as JSON: its class, arguments and words."""
    from pydantic_core import to_jsonable_python

    kind = type(error)
    own = isinstance(error, GreenrunError | OSError | MemoryError)
    return {
        "class": f"{kind.__module__}:{kind.__qualname__}" if own else "",
        "arguments": to_jsonable_python(list(error.args), fallback=str) if own else [],
        "words": str(error) if own else f"{kind.__name__}: {error}{_where(error)}",
    }


def _where(error: BaseException) -> str:
    """`` (at file.py:12)``, the line that raised it."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "" if trace is None else f" (at {trace.tb_frame.f_code.co_filename}:{trace.tb_lineno})"


def raised(label: str, row: dict[str, Any]) -> BaseException:
    """The exception that an outcome describes."""
    if not row["class"]:
        return JobError(f"{label}: {row['words']}")
    kind: Callable[..., BaseException] = pkgutil.resolve_name(row["class"])
    try:
        error = kind(*row["arguments"])
    except TypeError:  # its arguments are not those of its making
        return JobError(f"{label}: {row['words']}")
    return error if str(error) == row["words"] else JobError(f"{label}: {row['words']}")


def _put(path: Path, value: Any) -> None:
    """Write JSON so that a reader sees all of it or nothing."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.write_text(json.dumps(value), encoding="utf-8")
    fresh.replace(path)


def _got(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
