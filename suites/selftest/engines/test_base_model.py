"""The base model's source: held to its pin, and read through the links that a hub's cache is made of."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from harness.engines import base_model
from harness.engines.checkpoint import write
from harness.errors import SpecError
from harness.spec import load
from harness.spec.objects import Base, Spec
from harness.store import digests
from suites.tiny.child import Line


@pytest.fixture
def cached(line: Line, tmp_path: Path) -> Path:
    """The tiny base as a hub's cache holds it: names that link to blobs."""
    snapshot, blobs = tmp_path / "snapshots" / "abc", tmp_path / "blobs"
    snapshot.mkdir(parents=True)
    blobs.mkdir()
    for path in (line.spec.parent / "base").iterdir():
        blob = blobs / digests.of_file(path)
        blob.write_bytes(path.read_bytes())
        (snapshot / path.name).symlink_to(Path("..") / ".." / "blobs" / blob.name)
    return snapshot


@pytest.fixture
def spec(line: Line, cached: Path) -> Spec:
    loaded = load.load(line.spec)
    return replace(loaded, base=Base(f"path:{cached}", loaded.base.pin))


def test_a_cache_of_links_is_held_to_the_pin_of_what_they_lead_to(spec: Spec, cached: Path) -> None:
    assert base_model.locate(spec) == cached
    (cached / "config.json").write_text("{}", encoding="utf-8")  # through the link
    with pytest.raises(SpecError, match=r"base\.pin"):
        base_model.locate(spec)


def test_a_cache_of_links_becomes_a_checkpoint_of_plain_files(line: Line, cached: Path, tmp_path: Path) -> None:
    with base_model.plain(cached) as source:
        write(source, tmp_path / "checkpoint")
    assert digests.of_folder(tmp_path / "checkpoint") == digests.of_folder(line.spec.parent / "base")


def test_a_folder_of_plain_files_is_read_where_it_is(line: Line) -> None:
    with base_model.plain(line.spec.parent / "base") as source:
        assert source == line.spec.parent / "base"
