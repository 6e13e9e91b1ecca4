"""Functions that tests have jobs call; another process imports them from here."""

from __future__ import annotations

import errno
import json
import os
import time
from collections.abc import Mapping
from pathlib import Path

from harness.engines.progress import Progress
from harness.errors import AdapterError, DataError, SmokeError
from harness.jobs.devices import VARIABLE, held


def write(folder: Path, progress: Progress, words: tuple[str, ...], place: Path) -> None:
    """Tell the words, the place and this process."""
    for number in range(len(words)):
        progress(number + 1, len(words))
    told = {"words": words, "place": str(place), "process": os.getpid(), "here": str(Path.cwd())}
    (folder / "told.json").write_text(json.dumps(told), encoding="utf-8")


def show_devices(folder: Path, progress: Progress) -> None:
    (folder / "devices").write_text(os.environ.get(VARIABLE, "none named"), encoding="utf-8")


RAISED: Mapping[str, BaseException] = {
    "adapter": AdapterError("keys are not the base's"),
    "data": DataError("items.jsonl", 3, "no text"),
    "smoke": SmokeError(4, ("prompt 1: hung", "prompt 2: died")),
    "full": OSError(errno.ENOSPC, "No space left on device"),
    "bug": ValueError("seven is not six"),
}


def fail(folder: Path, progress: Progress, how: str) -> None:
    (folder / "half").write_text("written", encoding="utf-8")
    raise RAISED[how]


def die(folder: Path, progress: Progress, by: int) -> None:
    print("the last thing that it said")
    os.kill(os.getpid(), by)


def want_too_much(folder: Path, progress: Progress) -> None:
    bytearray(2**46)


def end_without_memory(folder: Path, progress: Progress) -> None:
    """As a kernel of bitsandbytes does it."""
    print("Error out of memory at line 380 in file ops.cu", flush=True)
    os._exit(1)


def leave(folder: Path, progress: Progress) -> None:
    os._exit(3)


def wait(folder: Path, progress: Progress, started: Path) -> None:
    """Say which process this is, and go on for as long as it lives."""
    fresh = started.with_suffix(".new")
    fresh.write_text(str(os.getpid()), encoding="utf-8")
    fresh.replace(started)
    while True:
        time.sleep(0.05)


def use(folder: Path, progress: Progress, names: tuple[str, ...], wanted: int, place: Path, used: Path) -> None:
    """Hold devices for a moment, and leave a line if somebody else has one of them meanwhile."""
    with held(wanted, names, place) as got:
        for name in got:
            mine = used / name
            try:
                mine.mkdir()
            except FileExistsError:
                (used / f"{name} twice at {time.time()}").touch()
        time.sleep(0.05)
        for name in got:
            (used / name).rmdir()
    (folder / "got").write_text(" ".join(got), encoding="utf-8")


def tell_and_wait(folder: Path, progress: Progress, started: Path) -> None:
    started.with_suffix(".new").write_text(str(os.getpid()), encoding="utf-8")
    started.with_suffix(".new").replace(started)
    progress(1, 1)
    time.sleep(60)
