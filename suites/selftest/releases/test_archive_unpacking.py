"""Archives are read as if they were hostile: what has no place in one is refused, and nothing of it is left."""

from __future__ import annotations

import contextlib
import tarfile
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.releases import bundle
from suites.selftest.releases.archives import README, Members, hostile, member, tar_of

HOSTILE: dict[str, tuple[Members, str]] = {
    "parent": (member("adapter_style/../README.md"), "has no place"),
    "parent-first": (member("../adapter_style/README.md"), "has no place"),
    "absolute": (member("/adapter_style/README.md"), "has no place"),
    "dot": (member("./adapter_style/README.md"), "has no place"),
    "no-folder": (member("README.md"), "has no place"),
    "other-folder": (member("adapter_writing/README.md"), "has no place"),
    "deeper": (member("adapter_style/adapter_style/README.md"), "has no place"),
    "extra-name": (member("adapter_style/handler.py"), "has no place"),
    "pickle": (member("adapter_style/adapter_model.bin"), "has no place"),
    "symlink": (member(README, b"", tarfile.SYMTYPE, "/etc/passwd"), "symbolic link"),
    "hard-link": (member(README, b"", tarfile.LNKTYPE, "/etc/passwd"), "hard link"),
    "device": (member(README, b"", tarfile.CHRTYPE), "device"),
    "block-device": (member(README, b"", tarfile.BLKTYPE), "device"),
    "pipe": (member(README, b"", tarfile.FIFOTYPE), "named pipe"),
    "folder": (member("adapter_style", b"", tarfile.DIRTYPE), "is a folder"),
    "sparse": (member(README, b"", tarfile.GNUTYPE_SPARSE), "of tar type"),
    "duplicate": (member(README) + member(README), "stands twice"),
    "link-after-file": (member(README) + member(README, b"", tarfile.SYMTYPE, "x"), "symbolic link"),
    "nothing": ([], "holds no file"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_member_is_refused_and_nothing_is_left(case: str, tmp_path: Path) -> None:
    members, reason = HOSTILE[case]
    target = hostile(tar_of(members), tmp_path)
    with pytest.raises(bundle.BundleError, match=reason):
        bundle.unpack(target, tmp_path / "into")
    assert list((tmp_path / "into").iterdir()) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["adapter_style.tar.gz", "into"]


def test_the_refusal_names_the_member(tmp_path: Path) -> None:
    with pytest.raises(bundle.BundleError, match=r"adapter_style\.tar\.gz: member 'adapter_style/handler\.py'"):
        bundle.unpack(hostile(tar_of(member("adapter_style/handler.py")), tmp_path), tmp_path / "into")


@pytest.mark.parametrize("dialect", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT], ids=["pax", "gnu"])
def test_extended_headers_are_refused_before_they_are_parsed(dialect: int, tmp_path: Path) -> None:
    """They hold names and sizes of any length, which a full parser would believe."""
    target = hostile(tar_of(member("adapter_style/" + "x" * 300), dialect), tmp_path)
    with pytest.raises(bundle.BundleError, match="of tar type"):
        bundle.unpack(target, tmp_path / "into")


@pytest.mark.parametrize("cut", [1, 9, 30, 60])
def test_a_truncated_archive_is_refused(cut: int, tmp_path: Path) -> None:
    target = hostile(tar_of(member(README, b"some text")), tmp_path)
    target.write_bytes(target.read_bytes()[:-cut])
    with pytest.raises(bundle.BundleError, match="damaged"):
        bundle.unpack(target, tmp_path / "into")


def test_data_that_gzip_itself_finds_damaged_is_refused(tmp_path: Path) -> None:
    target = hostile(tar_of(member(README, b"some text")), tmp_path)
    plain = target.read_bytes()
    target.write_bytes(plain[:-8] + bytes([plain[-8] ^ 1]) + plain[-7:])  # RFC 1952: CRC32, then size
    with pytest.raises(bundle.BundleError, match="damaged"):
        bundle.unpack(target, tmp_path / "into")


@given(data=st.binary(max_size=3000), at=st.integers(0, 2999), value=st.integers(0, 255))
@settings(max_examples=100, deadline=None)
def test_any_bytes_are_refused_or_unpacked_into_the_folder_alone(data: bytes, at: int, value: int) -> None:
    plain = bytearray(tar_of(member(README, data)))
    plain[at % len(plain)] = value
    with tempfile.TemporaryDirectory() as scratch:
        target = hostile(bytes(plain), Path(scratch))
        with contextlib.suppress(bundle.BundleError):
            bundle.unpack(target, Path(scratch, "into"))
        assert {path.name for path in Path(scratch).iterdir()} == {"adapter_style.tar.gz", "into"}
        assert {path.name for path in Path(scratch, "into").iterdir()} <= {"adapter_style"}


def test_an_archive_that_is_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "adapter_style.tar.gz").symlink_to(hostile(tar_of(member(README)), tmp_path / "real"))
    with pytest.raises(bundle.BundleError, match="not a regular file"):
        bundle.unpack(tmp_path / "adapter_style.tar.gz", tmp_path / "into")


def test_nothing_is_unpacked_over_an_existing_folder(tmp_path: Path) -> None:
    target = hostile(tar_of(member(README)), tmp_path)
    (tmp_path / "into" / "adapter_style").mkdir(parents=True)
    with pytest.raises(bundle.BundleError, match="exists already"):
        bundle.unpack(target, tmp_path / "into")
