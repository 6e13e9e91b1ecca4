"""No archive holds more than the caps, whatever sizes it claims, and none is inflated to find that out."""

from __future__ import annotations

import gzip
import tarfile
from pathlib import Path

import pytest

from harness.engines.adapter_files import CONFIG, WEIGHTS
from harness.releases import archive, bundle
from suites.selftest.releases.archives import (
    README,
    Members,
    folder_of,
    hostile,
    member,
    tar_of,
)


@pytest.fixture
def small_caps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_FILE", 1000)
    monkeypatch.setattr(archive, "MAX_TOTAL", 1500)


@pytest.mark.usefixtures("small_caps")
@pytest.mark.parametrize(
    "members",
    [
        pytest.param(member(README, bytes(1001)), id="one-file"),
        pytest.param(member(README, bytes(900)) + member(f"adapter_style/{CONFIG}", bytes(601)), id="in-all"),
    ],
)
def test_more_than_the_caps_is_refused(members: Members, tmp_path: Path) -> None:
    with pytest.raises(bundle.BundleError, match="at most 1000 a file and 1500 in all"):
        bundle.unpack(hostile(tar_of(members), tmp_path), tmp_path / "into")


@pytest.mark.usefixtures("small_caps")
def test_packing_refuses_more_than_the_caps(tmp_path: Path) -> None:
    with pytest.raises(bundle.BundleError, match="too large"):
        bundle.pack(folder_of({WEIGHTS: bytes(1001)}, tmp_path / "adapter"), tmp_path / "adapter_style.tar.gz")


def lying(claimed: int, data: bytes) -> bytes:
    info = tarfile.TarInfo(README)
    info.size = claimed
    padded = data + bytes(-len(data) % tarfile.BLOCKSIZE)
    return info.tobuf(tarfile.GNU_FORMAT) + padded + bytes(2 * tarfile.BLOCKSIZE)


@pytest.mark.parametrize(
    ("claimed", "reason"),
    [
        pytest.param(10, "no member's header stands after", id="less-than-there-is"),
        pytest.param(100_000, "damaged", id="more-than-there-is"),
        pytest.param(1 << 60, "claims", id="an-exbibyte"),
        pytest.param(-1, "claims -1", id="negative"),
    ],
)
def test_a_size_that_lies_is_refused(claimed: int, reason: str, tmp_path: Path) -> None:
    with pytest.raises(bundle.BundleError, match=reason):
        bundle.unpack(hostile(lying(claimed, b"y" * 5000), tmp_path), tmp_path / "into")


def test_a_bomb_behind_the_last_member_is_not_inflated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inflated = 0
    read = gzip.GzipFile.read

    def counted(stream: gzip.GzipFile, size: int | None = -1) -> bytes:
        nonlocal inflated
        found = read(stream, size)
        inflated += len(found)
        return found

    target = hostile(tar_of(member(README)) + bytes(50_000_000), tmp_path)
    monkeypatch.setattr(gzip.GzipFile, "read", counted)
    with pytest.raises(bundle.BundleError, match="bytes follow"):
        bundle.unpack(target, tmp_path / "into")
    assert inflated < 100_000
