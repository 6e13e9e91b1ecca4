"""The head of a GGUF file, its settings and the sizes of its tensors, read in milliseconds.

The library's own reader makes an object of every word of the vocabulary, which takes seconds; it reads files back
(`harness.gguf.read_back`), where nothing may be left out. Here an array is skipped.
Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_PLAIN = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_TEXT, _ARRAY = 8, 9
_LONGEST = 2**24
"""Bytes of a text, and entries of a list, beyond which it is no such file."""


@dataclass(frozen=True, slots=True)
class Head:
    settings: Mapping[str, object]
    """Without those that are arrays."""
    tensors: Mapping[str, tuple[int, ...]]


def read(file: Path) -> Head:
    """Raises ValueError where it is no GGUF file, or one of a version that is not read."""
    with file.open("rb") as stream:
        if stream.read(4) != b"GGUF" or (version := _number(stream, "I")) not in (2, 3):
            raise ValueError(f"{file.name} is no GGUF file of version 2 or 3")
        count, pairs = _number(stream, "Q"), _number(stream, "Q")
        if max(count, pairs) > _LONGEST:
            raise ValueError(f"{file.name}: version {version}, {count} tensors and {pairs} settings")
        settings = {_text(stream): _value(stream) for _ in range(pairs)}
        tensors = dict(_tensor(stream) for _ in range(count))
    return Head({name: value for name, value in settings.items() if value is not None}, tensors)


def _number(stream: BinaryIO, kind: str) -> int:
    return int(_plain(stream, kind))


def _plain(stream: BinaryIO, kind: str) -> int | float:
    size = struct.calcsize(f"<{kind}")
    data = stream.read(size)
    if len(data) < size:
        raise ValueError("the file ends within its head")
    value: int | float = struct.unpack(f"<{kind}", data)[0]
    return value


def _text(stream: BinaryIO) -> str:
    length = _number(stream, "Q")
    if length > _LONGEST:
        raise ValueError(f"a text of {length} bytes")
    return stream.read(length).decode("utf-8", errors="replace")


def _value(stream: BinaryIO) -> object:
    """A setting's value; None of an array."""
    kind = _number(stream, "I")
    if kind == _TEXT:
        return _text(stream)
    if kind == _ARRAY:
        _skip(stream)
        return None
    return _plain(stream, _PLAIN[kind])


def _skip(stream: BinaryIO) -> None:
    kind, count = _number(stream, "I"), _number(stream, "Q")
    if kind in _PLAIN:
        stream.seek(count * struct.calcsize(f"<{_PLAIN[kind]}"), 1)
        return
    if count > _LONGEST:
        raise ValueError(f"an array of {count} entries")
    for _ in range(count):
        if kind == _TEXT:
            stream.seek(_number(stream, "Q"), 1)
        else:
            _skip(stream)


def _tensor(stream: BinaryIO) -> tuple[str, tuple[int, ...]]:
    name = _text(stream)
    size = tuple(_number(stream, "Q") for _ in range(_number(stream, "I")))
    stream.seek(4 + 8, 1)  # its type and where it begins
    return name, size
