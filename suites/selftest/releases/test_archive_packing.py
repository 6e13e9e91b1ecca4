"""Archives are made the same way twice, and hold nothing that unpacking would refuse."""

from __future__ import annotations

import tarfile
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.engines.adapter_files import ALLOWED, CONFIG, WEIGHTS
from harness.releases import bundle
from suites.selftest.releases.archives import contents_of, folder_of

contents = st.dictionaries(st.sampled_from(sorted(ALLOWED)), st.binary(max_size=2000), min_size=1)


@given(files=contents)
@settings(max_examples=40, deadline=None)
def test_equal_folders_give_equal_bytes(files: dict[str, bytes]) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        packed = []
        for side, order in (("one", list(files)), ("two", list(reversed(files)))):
            folder = folder_of({name: files[name] for name in order}, Path(scratch, side, "adapter"))
            target = Path(scratch, side, "adapter_style.tar.gz")
            bundle.pack(folder, target)
            packed.append(target.read_bytes())
    assert packed[0] == packed[1]


@given(files=contents)
@settings(max_examples=40, deadline=None)
def test_unpacking_gives_back_what_was_packed(files: dict[str, bytes]) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        target = Path(scratch, "adapter_style.tar.gz")
        bundle.pack(folder_of(files, Path(scratch, "adapter")), target)
        unpacked = bundle.unpack(target, Path(scratch, "out"))
        assert (unpacked.name, contents_of(unpacked)) == ("adapter_style", files)


def test_members_are_sorted_whatever_order_the_file_system_lists(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = folder_of(dict.fromkeys(ALLOWED, b"x"), tmp_path / "adapter")
    backwards = sorted(folder.iterdir(), reverse=True)
    monkeypatch.setattr(Path, "iterdir", lambda path: iter(backwards))
    bundle.pack(folder, tmp_path / "adapter_style.tar.gz")
    with tarfile.open(tmp_path / "adapter_style.tar.gz") as tar:
        assert tar.getnames() == [f"adapter_style/{name}" for name in sorted(ALLOWED)]


def test_an_archive_keeps_no_time_owner_or_file_mode_of_this_machine(tmp_path: Path) -> None:
    folder = folder_of({"README.md": b"x"}, tmp_path / "adapter")
    (folder / "README.md").chmod(0o600)
    target = tmp_path / "adapter_style.tar.gz"
    bundle.pack(folder, target)
    with tarfile.open(target) as tar:
        (member,) = tar.getmembers()
    assert (member.mtime, member.uid, member.gid, member.uname, member.gname, member.mode) == (0, 0, 0, "", "", 0o644)
    assert target.read_bytes()[3:8] == bytes(5)  # RFC 1952: no flags, so no file name; modification time 0


def test_packing_refuses_a_file_that_unpacking_would_refuse(tmp_path: Path) -> None:
    folder = folder_of({CONFIG: b"{}", "handler.py": b"import os"}, tmp_path / "adapter")
    with pytest.raises(bundle.BundleError, match=r"handler\.py"):
        bundle.pack(folder, tmp_path / "adapter_style.tar.gz")


def test_packing_refuses_a_link(tmp_path: Path) -> None:
    folder = folder_of({CONFIG: b"{}"}, tmp_path / "adapter")
    (folder / WEIGHTS).symlink_to("/etc/hostname")
    with pytest.raises(bundle.BundleError, match="not a regular file"):
        bundle.pack(folder, tmp_path / "adapter_style.tar.gz")
