"""The base model's source: held to its pin, and read through the links that a hub's cache is made of."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from harness.engines import base_checkpoint, base_model, hub_cache
from harness.engines.checkpoint import write
from harness.errors import SpecError
from harness.spec import load
from harness.spec.objects import Base, Spec
from harness.store import digests
from harness.store.store import Store
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


def test_the_store_is_asked_before_the_source_is_looked_for(line: Line, tmp_path: Path) -> None:
    copied, store = line.copy(tmp_path / "line"), Store(tmp_path / "store")
    built = store.fetch_all([base_checkpoint.request(load.load(copied.spec))])[0]
    shutil.rmtree(copied.spec.parent / "base")
    wanted = base_checkpoint.request(load.load(copied.spec))
    assert store.fetch_all([wanted])[0].digest == built.digest
    with pytest.raises(SpecError, match=r"base\.source: .* does not exist"):
        Store(tmp_path / "empty").fetch_all([wanted])


def test_a_hubs_copy_is_read_without_what_no_base_needs(cached: Path) -> None:
    before = base_model.content(cached, hub_cache.wanted)
    (cached / "README.md").write_text("# read me", encoding="utf-8")
    (cached / "onnx").mkdir()
    (cached / "onnx" / "config.json").write_text("{}", encoding="utf-8")
    assert base_model.content(cached, hub_cache.wanted) == before
    with base_model.plain(cached, hub_cache.wanted) as source:
        assert not (source / "README.md").exists()


@pytest.mark.parametrize("lost", ["config.json", "model.safetensors"])
def test_a_copy_that_lacks_a_part_is_not_whole(cached: Path, lost: str) -> None:
    assert list(hub_cache.missing(cached)) == []
    (cached / lost).unlink()
    assert list(hub_cache.missing(cached)) != []


def test_a_copy_that_lacks_one_of_its_shards_names_it(cached: Path) -> None:
    shards = {"weight_map": {"a": "model-1-of-2.safetensors", "b": "model.safetensors"}}
    (cached / "model.safetensors.index.json").write_text(json.dumps(shards), encoding="utf-8")
    assert list(hub_cache.missing(cached)) == ["model-1-of-2.safetensors"]
