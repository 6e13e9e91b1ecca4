"""A file that this process has hashed is believed only while nothing about it has changed."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

import pytest

from harness.store import digests, rehash


@pytest.fixture
def settled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that has been left alone for long enough, and was hashed once."""
    monkeypatch.setattr(rehash, "SETTLED", 0.05)
    path = tmp_path / "weights.bin"
    path.write_bytes(b"weights")
    time.sleep(0.1)
    rehash.of_file(path)
    return path


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files whose bytes were read."""
    read: list[Path] = []
    whole = digests.of_file

    def of_file(path: Path) -> str:
        read.append(path)
        return whole(path)

    monkeypatch.setattr(digests, "of_file", of_file)
    return read


def test_unchanged_file_is_read_once(settled: Path, hashed: list[Path]) -> None:
    assert rehash.of_file(settled) == hashlib.sha256(b"weights").hexdigest()
    assert hashed == []


def test_changed_byte_is_found_though_size_and_modification_time_were_put_back(settled: Path) -> None:
    before = settled.stat()
    settled.write_bytes(b"weighty")
    os.utime(settled, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert rehash.of_file(settled) == digests.of_file(settled)


def test_another_file_moved_into_its_place_is_found(settled: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.bin"
    other.write_bytes(b"weighty")
    other.replace(settled)
    assert rehash.of_file(settled) == digests.of_file(settled)


def test_file_that_was_just_written_is_read_every_time(tmp_path: Path, hashed: list[Path]) -> None:
    path = tmp_path / "fresh.bin"
    path.write_bytes(b"weights")
    rehash.of_file(path)
    rehash.of_file(path)
    assert hashed == [path, path]
