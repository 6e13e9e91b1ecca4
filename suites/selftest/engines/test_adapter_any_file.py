"""Whatever an adapter's files hold, reading them ends in facts or in an AdapterError that names the folder."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.engines.adapter_config import PLAIN
from harness.engines.adapter_files import CONFIG, WEIGHTS, inspect
from harness.engines.mount import lora_config
from harness.errors import AdapterError
from suites.selftest.releases.small_bundle import write_adapter

LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | st.sampled_from(["all-linear"])
)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
)
NAMES = st.sampled_from([*sorted(PLAIN), "layer_replication", "target_parameters", "trainable_token_indices", "velora"])
ENTRY = st.fixed_dictionaries(
    {
        "dtype": st.sampled_from(["F32", "F16", "BF16", "F64", "I8", "F8_E4M3", "BOOL", "X", ""]),
        "shape": st.lists(st.integers(-1, 2**40) | st.sampled_from([0, 1, 2, 16]), max_size=3),
        "data_offsets": st.lists(st.integers(0, 600), min_size=2, max_size=2),
    }
)
STEM = "base_model.model.model.layers.0.self_attn.q_proj"
HEADER = st.dictionaries(
    st.sampled_from([f"{STEM}.lora_A.weight", f"{STEM}.lora_B.weight", "__metadata__", "", "x"]), ENTRY | VALUES
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_adapter(tmp_path_factory.mktemp("any") / "adapter")


@pytest.fixture(scope="module")
def sound(folder: Path) -> tuple[str, bytes]:
    return (folder / CONFIG).read_text(encoding="utf-8"), (folder / WEIGHTS).read_bytes()


def read(folder: Path) -> None:
    try:
        assert inspect(folder).tensors > 0
        lora_config(folder)
        return
    except AdapterError as error:
        said = str(error)
    assert str(folder) in said
    assert len(said) < 1500


@settings(max_examples=150, deadline=None)
@given(changed=st.dictionaries(NAMES, VALUES, min_size=1, max_size=3))
def test_any_field_of_a_configuration_is_taken_or_refused(
    folder: Path, sound: tuple[str, bytes], changed: dict[str, object]
) -> None:
    (folder / WEIGHTS).write_bytes(sound[1])
    (folder / CONFIG).write_text(json.dumps(json.loads(sound[0]) | changed), encoding="utf-8")
    read(folder)


@settings(max_examples=60, deadline=None)
@given(data=st.binary(max_size=60) | st.text(max_size=60).map(lambda text: text.encode("utf-8", "replace")))
def test_any_bytes_in_place_of_a_configuration_are_refused(folder: Path, sound: tuple[str, bytes], data: bytes) -> None:
    (folder / WEIGHTS).write_bytes(sound[1])
    (folder / CONFIG).write_bytes(data)
    read(folder)


@settings(max_examples=100, deadline=None)
@given(header=HEADER, tail=st.binary(max_size=64), added=st.integers(-9, 9))
def test_any_header_of_weights_is_taken_or_refused(
    folder: Path, sound: tuple[str, bytes], header: dict[str, object], tail: bytes, added: int
) -> None:
    text = json.dumps(header).encode()
    (folder / CONFIG).write_text(sound[0], encoding="utf-8")
    (folder / WEIGHTS).write_bytes(struct.pack("<Q", max(0, len(text) + added)) + text + tail)
    read(folder)
