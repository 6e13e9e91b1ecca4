"""How large a base is, from the heads of its files: as the libraries say, and refused where they do not say it."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest

from harness.engines import gguf_head, shape
from harness.errors import EngineError
from harness.gguf.toolchain import prove
from suites.tiny.child import Line


def test_a_checkpoint_is_as_large_as_its_tensors(line: Line) -> None:
    from safetensors import safe_open

    folder = line.spec.parent / "base"
    with safe_open(folder / "model.safetensors", framework="pt") as tensors:
        sizes = {name: tensors.get_slice(name).get_shape() for name in tensors.keys()}  # noqa: SIM118 - no mapping
    found = shape.read(folder)
    matrices = [size for name, size in sizes.items() if ".layers." in name and len(size) == 2]
    assert found.weights == sum(size[0] * (size[1] if len(size) == 2 else 1) for size in sizes.values())
    assert found.linear == sum(rows * columns for rows, columns in matrices)
    assert found.sides == sum(rows + columns for rows, columns in matrices)
    assert (found.blocks, found.width, found.inner, found.keys, found.heads, found.words) == (2, 64, 128, 64, 4, 320)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("gguf") / "model.gguf"
    prove.write(path)
    return path


def test_the_head_of_a_gguf_file_is_as_the_library_reads_it(file: Path) -> None:
    from gguf import GGUFReader

    reader, head = GGUFReader(file), gguf_head.read(file)
    assert head.tensors == {one.name: tuple(map(int, one.shape)) for one in reader.tensors}
    said = {name: field.contents() for name, field in reader.fields.items() if not name.startswith("GGUF.")}
    assert dict(head.settings) == {name: value for name, value in said.items() if not isinstance(value, list)}


def test_a_gguf_file_has_the_shape_of_its_settings(file: Path) -> None:
    found = shape.read(file)
    assert (found.blocks, found.width) == (prove.LAYERS, prove.WIDTH)
    assert (found.inner, found.heads) == (prove.HIDDEN, prove.HEADS)
    assert 0 < found.linear < found.weights


@pytest.mark.parametrize("kept", [3, 4, 8, 23, 24, 40, 100, 500])
def test_a_gguf_head_that_ends_too_early_is_an_error_and_no_crash(kept: int, file: Path, tmp_path: Path) -> None:
    (tmp_path / "cut.gguf").write_bytes(file.read_bytes()[:kept])
    with pytest.raises(EngineError, match="does not say how large"):
        shape.read(tmp_path / "cut.gguf")


def _nested(depth: int) -> bytes:
    """A head whose one setting is an array of arrays."""
    array = struct.pack("<IQ", 9, 1) * depth
    return b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + struct.pack("<Q", 1) + b"a" + struct.pack("<I", 9) + array


@pytest.mark.parametrize(
    "data",
    [b"", b"GGML" + bytes(60), b"GGUF" + bytes(60), _nested(10**5), b"GGUF" + struct.pack("<IQQ", 3, 2**60, 2**60)],
    ids=["empty", "another-format", "another-version", "nested", "endless"],
)
def test_what_is_no_model_is_told_as_that(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "model.gguf").write_bytes(data)
    with pytest.raises(EngineError, match="does not say how large"):
        shape.read(tmp_path / "model.gguf")


@pytest.mark.parametrize("head", [b"", bytes(8), b"\xff" * 8, (4).to_bytes(8, "little") + b"null"])
def test_a_checkpoint_without_a_readable_head_is_told_as_that(head: bytes, tmp_path: Path) -> None:
    names = ("num_attention_heads", "hidden_size", "num_hidden_layers", "intermediate_size", "vocab_size")
    (tmp_path / "config.json").write_text(json.dumps(dict.fromkeys(names, 1)), encoding="utf-8")
    (tmp_path / "model.safetensors").write_bytes(head)
    with pytest.raises(EngineError, match="does not say how large"):
        shape.read(tmp_path)


def test_a_model_that_also_sees_is_as_large_as_its_language_part_says(line: Line, tmp_path: Path) -> None:
    folder = line.copy(tmp_path / "line").spec.parent / "base"
    before = shape.read(folder)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(json.dumps({"text_config": config}), encoding="utf-8")
    assert shape.read(folder) == before
