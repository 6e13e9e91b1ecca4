"""An adapter that was trained elsewhere is copied whole or not at all, and what lies beside it is left alone."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from fixtures import builds
from harness.engines import adapter_files
from harness.engines.adapter_files import CONFIG, WEIGHTS
from harness.errors import AdapterError
from harness.run import provenance
from harness.spec.objects import Adapter
from harness.store.artifact import Request
from harness.store.store import Store
from suites.selftest.releases.small_bundle import write_adapter


@pytest.fixture
def given(tmp_path: Path) -> Path:
    return write_adapter(tmp_path / "given")


def wanted(folder: Path) -> Request:
    return builds.given_adapter(Adapter(name="both", tasks=("sea",), path=folder))


def copied(folder: Path, store: Path) -> set[str]:
    """Names of the files that the store keeps of it."""
    return {path.name for path in Store(store).fetch_all([wanted(folder)])[0].path.iterdir()}


def test_an_adapter_that_changes_before_it_is_copied_is_kept_under_no_key(given: Path, tmp_path: Path) -> None:
    request = wanted(given)
    (given / CONFIG).write_bytes(b"after")
    store = Store(tmp_path / "store")
    with pytest.raises(AdapterError, match="changed while it was being copied"):
        store.fetch_all([request])
    assert store.find(request.key) is None


def test_of_a_trainers_output_only_the_adapter_is_read_and_the_rest_is_named(given: Path, tmp_path: Path) -> None:
    os.mkfifo(given / "optimizer.pt")  # whoever opened it would wait for ever
    (given / "modeling_mine.py").write_text("raise SystemExit", encoding="utf-8")
    (given / "checkpoint-10").mkdir()
    assert copied(given, tmp_path / "store") == {CONFIG, WEIGHTS}
    assert adapter_files.take(given).note() == (
        "left out, being no part of an adapter: checkpoint-10, modeling_mine.py, optimizer.pt"
    )


def test_many_files_left_out_are_named_in_one_line(given: Path) -> None:
    for number in range(40):
        (given / f"events.{number:02d}").touch()
    assert adapter_files.take(given).note().endswith("events.11 and 28 more")


def test_what_lies_beside_an_adapter_may_change_while_it_is_judged(given: Path) -> None:
    before = provenance._adapter(given)
    (given / "trainer_state.json").write_text("{}", encoding="utf-8")
    assert provenance._adapter(given) == before != ""


def test_a_hubs_snapshot_of_links_is_read_through_them(given: Path, tmp_path: Path) -> None:
    blobs, snapshot = tmp_path / "hub" / "blobs", tmp_path / "hub" / "snapshots" / "abc"
    blobs.mkdir(parents=True)
    snapshot.mkdir(parents=True)
    for name in (CONFIG, WEIGHTS):
        data = (given / name).read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        (blobs / digest).write_bytes(data)
        (snapshot / name).symlink_to(f"../../blobs/{digest}")
    assert wanted(snapshot).key.digest == wanted(given).key.digest
    assert copied(snapshot, tmp_path / "store") == {CONFIG, WEIGHTS}


def test_a_link_to_anywhere_else_is_refused(given: Path) -> None:
    (given / "README.md").symlink_to("/etc/hostname")
    with pytest.raises(AdapterError, match=r"README\.md is neither a regular file nor a link of a hub's snapshot"):
        wanted(given)


def test_a_trainers_output_without_an_adapter_of_its_own_says_where_one_is(given: Path, tmp_path: Path) -> None:
    (tmp_path / "output").mkdir()
    given.rename(tmp_path / "output" / "checkpoint-20")
    with pytest.raises(AdapterError, match="checkpoint-20 below it holds an adapter: give that folder"):
        wanted(tmp_path / "output")


def test_messages_name_the_folder_that_was_given_and_not_its_copy(given: Path, tmp_path: Path) -> None:
    artifact = Store(tmp_path / "store").fetch_all([wanted(given)])[0]
    adapter_files.call(artifact.path, given)
    said = adapter_files.as_called(artifact.path, f"{artifact.path / CONFIG}: r=0")
    assert said == f"{given / CONFIG}: r=0"
