"""Of an artifact that was only a step the digest stays, and its bytes come back where something new is made of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from harness.errors import CorruptArtifactError, MissingArtifactError, StoreError
from harness.store import emptied
from harness.store.artifact import Artifact, Key, Request
from harness.store.store import Store

STEP = Key("merged", "both", {"adapter": "ab"})


@pytest.fixture
def built() -> list[str]:
    """Labels of what was built, in order."""
    return []


def step(built: list[str], data: bytes = b"weights", key: Key = STEP) -> Request:
    def build(folder: Path) -> None:
        built.append(key.label)
        (folder / "model").write_bytes(data)

    return Request(key, build)


def made_of(source: Artifact, built: list[str], label: str) -> Request:
    """What reads the step's file."""

    def build(folder: Path) -> None:
        built.append(label)
        (folder / "file").write_bytes((source.path / "model").read_bytes() + label.encode())

    return Request(Key("gguf", label, {"checkpoint": source.digest, "type": label}), build)


@pytest.fixture
def first(tmp_path: Path, built: list[str]) -> Artifact:
    """A step of an earlier process, of which a file was made, and which is empty now."""
    store = Store(tmp_path)
    found = store.fetch(*_parts(step(built)))
    store.fetch(*_parts(made_of(found, built, "f16")))
    assert emptied.empty(found.path.parent) == len(b"weights")
    built.clear()
    return found


def _parts(request: Request) -> tuple[Key, Callable[[Path], None]]:
    return request.key, request.build


def test_a_second_run_builds_nothing(tmp_path: Path, first: Artifact, built: list[str]) -> None:
    store = Store(tmp_path)
    [again] = store.fetch_all([step(built)])
    [file] = store.fetch_all([made_of(again, built, "f16")])
    assert (again.digest, again.emptied, again.sizes) == (first.digest, True, {"model": 7})
    assert (file.path / "file").read_bytes() == b"weightsf16"
    assert built == []
    assert not first.path.exists()


def test_its_bytes_come_back_where_something_new_is_made_of_it(
    tmp_path: Path, first: Artifact, built: list[str]
) -> None:
    store = Store(tmp_path)
    again = store.fetch(*_parts(step(built)))
    file = store.fetch(*_parts(made_of(again, built, "q8")))
    assert (file.path / "file").read_bytes() == b"weightsq8"
    assert built == ["both", "q8"]
    assert (first.path / "model").read_bytes() == b"weights"
    assert not store.fetch(*_parts(step(built))).emptied


def test_they_come_back_by_way_of_another_step(tmp_path: Path, first: Artifact, built: list[str]) -> None:
    store = Store(tmp_path)
    middle = store.fetch(*_parts(made_of(first, built, "f16")))
    emptied.empty(middle.path.parent)
    store = Store(tmp_path)
    again = store.fetch(*_parts(step(built)))
    middle = store.fetch(*_parts(made_of(again, built, "f16")))
    last = Key("parity", "f16", {"file": middle.digest})

    def measure(folder: Path) -> None:
        built.append("measured")
        (folder / "size").write_text(str((middle.path / "file").stat().st_size), encoding="utf-8")

    assert middle.emptied
    found = store.fetch(last, measure)
    assert built == ["both", "f16", "measured"]
    assert (found.path / "size").read_text(encoding="utf-8") == "10"


def test_what_is_made_of_something_else_leaves_it_empty(tmp_path: Path, first: Artifact, built: list[str]) -> None:
    store = Store(tmp_path)
    store.fetch(*_parts(step(built)))
    store.fetch(*_parts(step(built, key=Key("adapter", "other", {"data": "cd"}))))
    assert built == ["other"]
    assert not first.path.exists()


def test_other_bytes_than_it_had_are_refused(tmp_path: Path, first: Artifact, built: list[str]) -> None:
    store = Store(tmp_path)
    again = store.fetch(*_parts(step(built, b"others!")))
    with pytest.raises(StoreError, match=r"made again it has other bytes .*remove .*/merged/"):
        store.fetch(*_parts(made_of(again, built, "q8")))


def test_a_kill_while_it_is_emptied_leaves_no_damaged_artifact(
    tmp_path: Path, first: Artifact, built: list[str]
) -> None:
    going = first.path.with_name("going")
    going.mkdir()  # half of it is removed
    (going / "mod").write_bytes(b"wei")
    store = Store(tmp_path)
    again = store.fetch(*_parts(step(built)))
    assert (again.digest, again.emptied) == (first.digest, True)
    assert emptied.empty(first.path.parent) == len(b"wei")
    assert not going.exists()
    assert (store.fetch(*_parts(made_of(again, built, "q8"))).path / "file").read_bytes() == b"weightsq8"


def test_a_kill_between_mark_and_removal_leaves_the_whole_artifact(tmp_path: Path, built: list[str]) -> None:
    found = Store(tmp_path).fetch(*_parts(step(built)))
    (found.path.parent / emptied.MARK).touch()
    again = Store(tmp_path).fetch(*_parts(step(built)))
    assert (again.emptied, (again.path / "model").read_bytes()) == (False, b"weights")


def test_a_mark_excuses_no_byte_that_is_there(tmp_path: Path, first: Artifact, built: list[str]) -> None:
    first.path.mkdir()
    (first.path / "model").write_bytes(b"forged!")
    with pytest.raises(CorruptArtifactError, match="content/model: the manifest says"):
        Store(tmp_path).fetch(*_parts(step(built)))


def test_where_building_is_forbidden_it_is_found_and_not_filled(
    tmp_path: Path, first: Artifact, built: list[str]
) -> None:
    store = Store(tmp_path, read_only=True)
    again = store.fetch(*_parts(step(built)))
    assert again.digest == first.digest
    with pytest.raises(MissingArtifactError):
        store.fetch(*_parts(made_of(again, built, "q8")))
