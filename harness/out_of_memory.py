"""Recognise that memory ran out, whichever library says so, and say it in one sentence with sizes.

torch, its allocator for a CPU, cuBLAS, numpy and the system each have an error of their own for it, and most are a
plain `RuntimeError`. Whoever takes any error for the fault of what it was doing asks here first: memory that is short
is nobody's fault but the machine's.
"""

from __future__ import annotations

import errno
import re
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import NoMemoryError
from harness.text.amount import of_bytes as _told

ELSE = "run fewer workers (-n 1), free what else is held, or take a machine with more memory"
"""The mend where the spec has none."""
_SAID = re.compile(
    r"\bMemoryError\b|out of memory|can(?:'t|not) allocate memory|not enough memory"
    r"|(?:unable|failed) to allocate (?:[\w ]*buffer|[\d.]+ ?[KMGT]i?B)"
    r"|failed to map segment from shared object|std::bad_alloc"
    r"|(?:CUBLAS|CUDNN|CUSPARSE|CUSOLVER)_STATUS_ALLOC_FAILED|cudaErrorMemoryAllocation",
    re.IGNORECASE,
)
_OF_GPU = re.compile(r"\bcuda|\bcublas|\bcudnn|\bcusparse|\bcusolver|\bHIP\b|\bGPU\b", re.IGNORECASE)
_SIZE = r"([\d.]+) ?(bytes|(?:[KMGT]i?)?B)\b"
_ASKED = re.compile(rf"(?:allocate|mmap) {_SIZE}")
_CAPACITY = re.compile(rf"total capacity of {_SIZE} of which {_SIZE} is free")
_HELD = re.compile(rf"this process has {_SIZE} memory in use")
_UNITS = {"b": 1, "bytes": 1} | {
    f"{prefix}{kind}": base ** (k + 1) for k, prefix in enumerate("kmgt") for kind, base in (("b", 1000), ("ib", 1024))
}
_CLASSES = (RuntimeError, OSError, ImportError)
"""Classes of errors whose text may say it. `torch.OutOfMemoryError` is a `RuntimeError`."""


@dataclass(frozen=True, slots=True)
class Room:
    """What was asked for and what there was, in bytes; None where nobody says."""

    of: str
    """``GPU 0``, ``this machine``."""
    asked: int | None = None
    total: int | None = None
    free: int | None = None
    held: int | None = None
    """By this process."""
    may_hold: int | None = None
    """By this process, where it is limited (``ulimit -v``)."""

    def __str__(self) -> str:
        asked = "how much was asked for is not known" if self.asked is None else f"{_told(self.asked)} was asked for"
        has = []
        if self.total is not None:
            has.append(f"{self.of} has {_told(self.total)}")
        if self.free is not None:
            has.append(f"{_told(self.free)} of it free")
        if self.held is not None:
            limit = "" if self.may_hold is None else f" of the {_told(self.may_hold)} that it may (ulimit -v)"
            has.append(f"this process holds {_told(self.held)}{limit}")
        return "; ".join(filter(None, [asked, ", ".join(has)]))


def is_it(error: BaseException) -> bool:
    """Whether an error, or what it was raised from, says that memory ran out."""
    if isinstance(error, MemoryError | NoMemoryError):
        return True
    if isinstance(error, OSError) and error.errno == errno.ENOMEM:
        return True
    if isinstance(error, _CLASSES) or type(error).__name__ == "SafetensorError":
        return _SAID.search(str(error)) is not None or _from_one(error)
    return _from_one(error)


def _from_one(error: BaseException) -> bool:
    return error.__cause__ is not None and is_it(error.__cause__)


def refuse(error: BaseException, doing: str, mend: str = ELSE) -> None:
    """Raise `NoMemoryError` where an error says that memory ran out; nothing happens where it says anything else.

    For the first line of an ``except`` that takes any error for the fault of what was being done. What the failed
    calls still held is let go, so that the error keeps no memory for as long as somebody keeps it.

    Args:
        doing: what was being done, ``answering 16 items``.
        mend: how to ask for less.
    """
    if isinstance(error, NoMemoryError):
        raise error
    if is_it(error):
        found = sentence(error, doing, mend)
        let_go(error)
        raise NoMemoryError(found) from error


@contextmanager
def said(doing: str, mend: str = ELSE) -> Iterator[None]:
    """Inside the context, memory that runs out is a `NoMemoryError` (`refuse`)."""
    try:
        yield
    except Exception as error:
        refuse(error, doing, mend)
        raise


def sentence(error: BaseException, doing: str, mend: str = ELSE) -> str:
    """What was being done, what was asked for, what there was, and the mend."""
    return f"memory ran out while {doing}: {room(error)}; {mend}"


def let_go(error: BaseException) -> None:
    """Clear the variables of the calls that an error came through, which hold what they had computed so far."""
    one: BaseException | None = error
    while one is not None:
        traceback.clear_frames(one.__traceback__)
        one = one.__cause__ or one.__context__


def in_words(text: str) -> str:
    """The line in which another process says that memory ran out, in its last words; "" where none does."""
    own = f"{NoMemoryError.__name__}: "
    lines = [line.strip() for line in text.splitlines()]
    for line in reversed(lines):
        if own in line:
            return line.partition(own)[2]
    return next((line for line in reversed(lines) if _SAID.search(line)), "")


def room(error: BaseException) -> Room:
    """Sizes, by the error's own text as far as it says them, and else by the device."""
    text = str(error)
    asked = _bytes(_ASKED.search(text))
    if not _on_gpu(error, text):
        return _of_machine(asked)
    number = re.search(r"GPU (\d+)", text)
    name = f"GPU {number[1]}" if number else "the GPU"
    if capacity := _CAPACITY.search(text):
        total, free = _bytes(capacity), _bytes(capacity, 3)
    else:
        total, free = _of_gpu()
    return Room(name, asked, total, free, _bytes(_HELD.search(text)))


def _on_gpu(error: BaseException, text: str) -> bool:
    return not isinstance(error, MemoryError) and _OF_GPU.search(text) is not None


def _of_gpu() -> tuple[int | None, int | None]:
    """(total, free) of the current CUDA device; torch is not imported to be asked."""
    torch: Any = sys.modules.get("torch")
    with suppress(Exception):  # a context that is broken by the very error
        if torch is not None and torch.cuda.is_initialized():
            free, total = torch.cuda.mem_get_info()
            return total, free
    return None, None


def _of_machine(asked: int | None) -> Room:
    total, free = (_of_meminfo(name) for name in ("MemTotal", "MemAvailable"))
    try:
        import resource

        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()
        size, resident = (int(number) * resource.getpagesize() for number in pages[:2])
        most, _ = resource.getrlimit(resource.RLIMIT_AS)
    except (ImportError, OSError, ValueError):
        return Room("this machine", asked, total, free)
    if most == resource.RLIM_INFINITY:
        return Room("this machine", asked, total, free, resident)
    return Room("this machine", asked, total, free, size, most)


def _of_meminfo(name: str) -> int | None:
    with suppress(OSError):
        found = re.search(rf"^{name}:\s+(\d+) kB", Path("/proc/meminfo").read_text(encoding="ascii"), re.MULTILINE)
        return int(found[1]) * 1024 if found else None
    return None


def _bytes(found: re.Match[str] | None, group: int = 1) -> int | None:
    return None if found is None else int(float(found[group]) * _UNITS[found[group + 1].lower()])
