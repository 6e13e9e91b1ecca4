"""Whatever a builder dies of, and whenever, leaves a whole artifact or none."""

from __future__ import annotations

import errno
import multiprocessing
import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness.errors import StoreError
from harness.store.artifact import Key
from harness.store.store import Store

FORK = multiprocessing.get_context("fork")
KEY = Key("adapter", "short both", {"seed": 7})
PAGE = 4096
FILES = 6
MOMENTS = 30
SEED = 20

Disk = Callable[[str], Path]


def build(folder: Path) -> None:
    """An artifact of a few pages in a few files, as a slow builder writes it."""
    for number in range(FILES):
        with (folder / f"part-{number}.bin").open("wb") as stream:
            for _ in range(2):
                stream.write(bytes(PAGE))
                stream.flush()
                time.sleep(0.001)


def fetch(store: Store) -> None:
    store.fetch(KEY, build)


def assert_whole(store: Store) -> None:
    found = store.fetch(KEY, build)
    assert sorted(path.name for path in found.path.iterdir()) == [f"part-{number}.bin" for number in range(FILES)]
    assert store.find(KEY) is not None


def test_builders_killed_at_random_moments_leave_a_whole_artifact_or_none(tmp_path: Path) -> None:
    moments = random.Random(SEED)
    seen = set()
    for attempt in range(MOMENTS):
        store = Store(tmp_path / str(attempt))
        builder = FORK.Process(target=fetch, args=(store,))
        builder.start()
        time.sleep(moments.uniform(0.0, 0.06))
        os.kill(builder.pid or 0, signal.SIGKILL)
        builder.join(30)
        seen.add(store.find(KEY) is not None)
        assert_whole(store)
    assert False in seen, "no builder was killed before it had ended"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """``disk(options)``: a small file system of its own, such as ``size=64k`` or ``nr_inodes=9``."""
    place = tmp_path / "disk"
    place.mkdir()
    if shutil.which("mount") is None:
        pytest.skip("a small file system needs the program mount; it comes with util-linux")

    def disk(options: str) -> Path:
        unmount(place)
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)], capture_output=True, text=True, check=False
        )
        if done.returncode:
            pytest.skip(f"a small file system needs the right to mount: {done.stderr.strip()}")
        return place

    yield disk
    unmount(place)


def unmount(place: Path) -> None:
    if os.path.ismount(place):
        subprocess.run(["umount", str(place)], check=True)


def _fill(place: Path) -> Path:
    """Use up what room is left."""
    ballast = place / "ballast"
    with ballast.open("wb", buffering=0) as stream:
        try:
            while True:
                stream.write(bytes(PAGE))
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
    return ballast


def _check_full(place: Path) -> bool:
    """Build on a disk that may be too small. What is left is a whole artifact, or nothing and an error that says why;
    True where there was room."""
    store = Store(place / "store", failures=place / "run" / "failures")
    try:
        store.fetch(KEY, build)
    except StoreError as error:
        said = str(error)
    else:
        assert_whole(store)
        return True
    assert "no room to write adapter 'short both'" in said
    assert store.find(KEY) is None
    assert not list(place.rglob("*.partial"))
    return False


def test_a_disk_that_is_full_after_any_number_of_pages_leaves_a_whole_artifact_or_none(disk: Disk) -> None:
    fitted = [_check_full(disk(f"size={pages * PAGE}")) for pages in range(1, 2 * FILES + 4)]
    assert set(fitted) == {False, True}


def test_a_disk_without_a_free_inode_at_any_step_leaves_a_whole_artifact_or_none(disk: Disk) -> None:
    fitted = [_check_full(disk(f"size=1m,nr_inodes={inodes}")) for inodes in range(2, FILES + 12)]
    assert set(fitted) == {False, True}


def test_an_artifact_is_built_once_there_is_room_again(disk: Disk) -> None:
    place = disk("size=1m")
    ballast = _fill(place)
    with pytest.raises(StoreError, match="no room to write"):
        Store(place / "store").fetch(KEY, build)
    ballast.unlink()
    assert_whole(Store(place / "store"))
