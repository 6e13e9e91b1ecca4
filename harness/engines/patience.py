"""How long llama.cpp may be at work before it is taken to hang, by the bytes and the tokens that it reads and writes.

Seconds that are ample for a model of 135M end the healthy work of one of 8B: each token of an answer reads every weight
once. So each limit is a number of seconds that any size has, and beside it

    loading      size / DISK
    answering    size * (tokens read / READ + tokens written / WRITTEN)
    converting   size of the checkpoint / CONVERTED
    quantizing   size of the f16 file / QUANTIZED

The rates are a tenth of what SmolLM2-135M reached on two cores that did nothing else, since a machine may be slow, and
shared. Measured: a Q4_0 file of 88 MB read 558 tokens a second and wrote 121; a file of 263 MB in f16 wrote 60; a
checkpoint of 269 MB was converted in 6 s; quantizing the f16 file took 1.4 s. What a GPU reaches was not measured, and
its limits are the same.

A limit that the spec names holds in place of these (`told_or`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

DISK = 50e6
"""Bytes a second that a file is read at: a network's or a spinning disk's; not measured."""
READ = 5e9
"""Bytes of weights times tokens of a prompt, a second: a tenth of 88 MB x 558."""
WRITTEN = 1e9
"""Bytes of weights times tokens of an answer, a second: a tenth of 88 MB x 121; f16 has half as much again."""
CONVERTED = 4.5e6
"""Bytes of a checkpoint a second: a tenth of 269 MB in 6 s."""
QUANTIZED = 5e6
"""Bytes of an f16 file a second: less than a tenth of 263 MB in 1.4 s, since types that search for their scales take
longer."""
REPLY = 300.0
"""Seconds of any reply of the engine's child."""
ANSWER = 120.0
"""Seconds of any answer of a program in the smoke test."""
STEP = 600.0
"""Seconds of any conversion or quantization."""

Seconds = Callable[[int, int], float]
"""(tokens read, tokens written) -> limit in seconds."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Limits for work on one model."""

    size: int
    """Bytes of its files."""
    least: float = REPLY
    """Seconds that everything may take, whatever the size."""

    def loading(self) -> float:
        return self.least + self.size / DISK

    def answering(self, read: int, written: int) -> float:
        """For an answer of a loaded model, or for logits where nothing is written."""
        return self.least + self.size * (read / READ + written / WRITTEN)

    def both(self, read: int, written: int) -> float:
        """For a program that loads the model and answers."""
        return self.loading() + self.answering(read, written) - self.least


def converting(size: int) -> float:
    """Limit for writing a checkpoint of this size as GGUF."""
    return STEP + size / CONVERTED


def quantizing(size: int) -> float:
    """Limit for quantizing an f16 file of this size."""
    return STEP + size / QUANTIZED


def always(seconds: float) -> Seconds:
    """One limit, whatever is read and written."""
    return lambda read, written: seconds


def told_or(told: float | None, by_size: float) -> float:
    """The limit that the spec names, or else the one by size."""
    return by_size if told is None else told


def one_answer(told: float | None, *files: Path | None) -> Seconds:
    """Limits for a program that loads these files and answers: the one that the spec names, or else by tokens and
    size."""
    return always(told) if told is not None else Patience(size_of(*files), ANSWER).both


def size_of(*places: Path | None) -> int:
    """Bytes of files, and of all files below folders; 0 for what is not there."""
    found = 0
    for place in places:
        if place is not None:
            files = [place, *place.rglob("*")] if place.is_dir() else [place]
            found += sum(one.stat().st_size for one in files if one.is_file())
    return found
