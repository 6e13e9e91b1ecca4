"""Read the bytes of a data file in blocks of whole lines and bounded memory: plain, gzip or zstd, told by their first
bytes.

Whatever the file is (a line of hundreds of megabytes, an archive that unpacks to terabytes, a file that is still being
written), a reader gets blocks of bounded size, and what went wrong is reported at the end.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from backports import zstd

from harness.dataset.findings import Finding
from harness.errors import DataError
from harness.spec.data import Options

BLOCK = 4 * 2**20
"""Bytes that are read at a time."""

GZIP_MAGIC, ZSTD_MAGIC = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
"""RFC 1952, section 2.3.1; RFC 8878, section 3.1.1."""

MAX_ZSTD_WINDOW_LOG = 27
"""Base-2 logarithm of the largest window that a zstd frame may ask for: 128 MiB, the limit of the zstd program without
--long."""

MAX_RATIO, RATIO_FROM = 200, 256 * 2**20
"""An archive that unpacks to more than this multiple of its size is refused, once so many bytes were unpacked: text
packs 3 to 20 times."""


@dataclass(frozen=True, slots=True)
class Block:
    """Whole lines of a file."""

    first: int
    """Number of its first line, from 1."""
    data: bytes
    """Lines that each end in a newline; only the last block of a file may lack its last one."""
    skipped: int = 0
    """Length in bytes of a line that is too long to be held. `data` holds only its newline, if it has one; 0 where
    there is no such line."""


@dataclass(slots=True)
class Source:
    """One reading of one file. `digest` and `findings` are complete once `blocks` is exhausted."""

    path: Path
    options: Options = field(default_factory=Options)
    block: int = BLOCK
    findings: list[Finding] = field(default_factory=list)
    """Defects of the file as a whole."""
    _hash: hashlib._Hash = field(default_factory=hashlib.sha256)

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of the stored bytes that were read, which are the bytes that were judged."""
        return self._hash.hexdigest()

    def blocks(self) -> Iterator[Block]:
        """Blocks of whole lines in order.

        Raises:
            DataError: the file cannot be opened, or is not the one that the run opened with.
        """
        try:
            before = os.stat(self.path)
            stream = self.path.open("rb")
        except OSError as error:
            problem = f"cannot be read ({error.strerror}); name an existing JSONL file"
            raise DataError(self.path, 0, problem) from error
        with stream:
            yield from self._lines(self._unpacked(stream))
            for _ in self._stored(stream):
                pass  # what follows the end of an archive is digested, not judged
        self.options.held(self.path, self.digest)
        if _identity(before) != _identity_of(self.path):
            self._accuse("changed", "changed while it was read; let its writer finish and run again")

    def _stored(self, stream: BinaryIO) -> Iterator[bytes]:
        while chunk := stream.read(self.block):
            self._hash.update(chunk)
            yield chunk

    def _unpacked(self, stream: BinaryIO) -> Iterator[bytes]:
        head = stream.read(4)
        stream.seek(0)
        if head.startswith(GZIP_MAGIC):
            raw = _Recorded(self._stored(stream))
            yield from self._bounded(gzip.GzipFile(fileobj=io.BufferedReader(raw, self.block)), raw)
        elif head == ZSTD_MAGIC:
            raw = _Recorded(self._stored(stream))
            limits: dict[int, int] = {zstd.DecompressionParameter.window_log_max: MAX_ZSTD_WINDOW_LOG}
            yield from self._bounded(zstd.ZstdFile(io.BufferedReader(raw, self.block), options=limits), raw)
        else:
            yield from self._stored(stream)

    def _bounded(self, packed: gzip.GzipFile | zstd.ZstdFile, raw: _Recorded) -> Iterator[bytes]:
        total = 0
        try:
            while chunk := packed.read1(self.block):  # what came before damage is still read
                total += len(chunk)
                bomb = total > RATIO_FROM and total > MAX_RATIO * raw.taken
                if bomb or total > self.options.max_unpacked_bytes:
                    self._accuse("bomb", f"unpacks to more than {total} bytes from {raw.taken}; pack real data")
                    return
                yield chunk
        except (OSError, EOFError, zlib.error, zstd.ZstdError) as error:
            self._accuse("broken-archive", f"cannot be unpacked past byte {total} of its text: {error}")

    def _lines(self, chunks: Iterator[bytes]) -> Iterator[Block]:
        """Blocks of whole lines from chunks. An incomplete line is put in front of the next chunk, up to the longest
        line that is held."""
        first, rest, skipped = 1, b"", 0
        for chunk in chunks:
            if skipped:
                end = chunk.find(b"\n") + 1
                if not end:
                    skipped += len(chunk)
                    continue
                yield Block(first, b"\n", skipped + end - 1)
                first, skipped, chunk = first + 1, 0, chunk[end:]
            cut = chunk.rfind(b"\n") + 1
            if cut:
                data = rest + chunk[:cut]
                yield Block(first, data)
                first, rest = first + data.count(b"\n"), chunk[cut:]
            else:
                rest += chunk
            if len(rest) > self.options.max_line_bytes:
                rest, skipped = b"", len(rest)
        if self.findings:
            return  # the piece of a line before an archive's damage is no line
        if skipped:
            yield Block(first, b"", skipped)
        elif rest:
            yield Block(first, rest)

    def _accuse(self, kind: str, problem: str) -> None:
        self.findings.append(Finding(self.path, 0, "", problem, kind))


class _Recorded(io.RawIOBase):
    """Chunks as a binary stream for a decompressor; counts the bytes that were read."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks, self._rest, self.taken = chunks, b"", 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if not self._rest:
            self._rest = next(self._chunks, b"")
        size = min(len(buffer), len(self._rest))
        buffer[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        self.taken += size
        return size


def _identity_of(path: Path) -> tuple[int, int, int, int]:
    try:
        return _identity(os.stat(path))
    except OSError:
        return (0, 0, 0, 0)  # it is gone: as different as can be


def _identity(stat: os.stat_result) -> tuple[int, int, int, int]:
    return stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns
