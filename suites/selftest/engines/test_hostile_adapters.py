"""An adapter from elsewhere can be judged or refused, and can do nothing else."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

from harness.engines.adapter_config import MAX_CONFIG
from harness.engines.adapter_files import CONFIG, WEIGHTS, inspect, settings
from harness.errors import AdapterError
from suites.selftest.releases.small_bundle import write_adapter

STEM = "base_model.model.model.layers.0.self_attn.q_proj"


@pytest.fixture
def adapter(tmp_path: Path) -> Path:
    """The smallest adapter that is sound."""
    folder = write_adapter(tmp_path / "adapter")
    inspect(folder)
    return folder


def set_fields(folder: Path, **fields: object) -> None:
    path = folder / CONFIG
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | fields), encoding="utf-8")


def header(folder: Path, edit: Callable[[dict[str, Any]], None], length: int | None = None) -> None:
    """Rewrite the header of the weights and leave their bytes; `length` is what the file claims the header has."""
    path = folder / WEIGHTS
    data = path.read_bytes()
    (size,) = struct.unpack("<Q", data[:8])
    entries = json.loads(data[8 : 8 + size])
    edit(entries)
    text = json.dumps(entries).encode()
    path.write_bytes(struct.pack("<Q", len(text) if length is None else length) + text + data[8 + size :])


def nothing(entries: dict[str, Any]) -> None:
    """Leave the header as it is."""


def beyond(entries: dict[str, Any]) -> None:
    entries[f"{STEM}.lora_A.weight"]["data_offsets"][1] += 1000


def overlapping(entries: dict[str, Any]) -> None:
    entries[f"{STEM}.lora_B.weight"]["data_offsets"] = entries[f"{STEM}.lora_A.weight"]["data_offsets"]


def larger(entries: dict[str, Any]) -> None:
    entries[f"{STEM}.lora_A.weight"]["shape"] = [2**20, 2**20]


def other_type(entries: dict[str, Any]) -> None:
    entries[f"{STEM}.lora_A.weight"]["dtype"] = "F64"


@pytest.mark.parametrize("lie", [beyond, overlapping, larger, other_type], ids=lambda lie: lie.__name__)
def test_a_header_that_lies_about_its_tensors_is_refused(adapter: Path, lie: Callable[[dict[str, Any]], None]) -> None:
    header(adapter, lie)
    with pytest.raises(AdapterError, match="not a safetensors file"):
        inspect(adapter)


@pytest.mark.parametrize("length", [2**62, 2**31, 0, 1])
def test_a_header_that_lies_about_its_length_is_refused(adapter: Path, length: int) -> None:
    header(adapter, nothing, length)
    with pytest.raises(AdapterError, match="not a safetensors file"):
        inspect(adapter)


@given(at=st.integers(0, 400), value=st.integers(0, 255))
@examples(max_examples=60, deadline=None)
def test_any_damaged_byte_is_refused_or_harmless(tmp_path_factory: pytest.TempPathFactory, at: int, value: int) -> None:
    folder = write_adapter(tmp_path_factory.mktemp("any") / "adapter")
    data = bytearray((folder / WEIGHTS).read_bytes())
    data[at % len(data)] = value
    (folder / WEIGHTS).write_bytes(data)
    try:
        facts = inspect(folder)
    except AdapterError:
        return
    assert facts.rank == 2


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("megatron_config", {"tensor_model_parallel_size": 1}),
        ("layer_replication", [[0, 1000000]]),
        ("corda_config", {"cache_file": "/etc/passwd"}),
        ("auto_map", {"AutoModel": "modeling.Evil"}),
        ("trust_remote_code", True),
        ("parent_library", "evil"),
    ],
)
def test_a_setting_that_does_more_than_plain_lora_is_refused_by_name(adapter: Path, field: str, value: object) -> None:
    set_fields(adapter, **{field: value})
    with pytest.raises(AdapterError, match=field):
        inspect(adapter)


def test_the_class_that_an_adapter_names_for_its_base_is_never_looked_for(adapter: Path) -> None:
    """peft writes auto_mapping wherever no task_type is given."""
    set_fields(adapter, auto_mapping={"base_model_class": "Evil", "parent_library": "evil"})
    assert "auto_mapping" not in settings(adapter)


@pytest.mark.parametrize("value", ["pissa", "olora", "loftq", "corda"])
def test_an_initialisation_that_changes_the_base_is_refused(adapter: Path, value: str) -> None:
    set_fields(adapter, init_lora_weights=value)
    with pytest.raises(AdapterError, match="change the base's own weights"):
        inspect(adapter)


@pytest.mark.parametrize("rank", [0, -1, 513, 10**9, "16", None, True, 2.0])
def test_a_rank_out_of_range_is_refused(adapter: Path, rank: object) -> None:
    set_fields(adapter, r=rank)
    with pytest.raises(AdapterError, match="a rank of 1 to 512 is expected"):
        inspect(adapter)


@pytest.mark.parametrize("field", ["rank_pattern", "alpha_pattern"])
@pytest.mark.parametrize("value", [0, -1, "16", None, True, float("nan"), float("inf")])
def test_a_module_of_its_own_rank_or_scale_is_held_to_the_same_bounds(adapter: Path, field: str, value: object) -> None:
    set_fields(adapter, **{field: {"q_proj": value}})
    with pytest.raises(AdapterError, match=f"{field} of 'q_proj'"):
        inspect(adapter)


@pytest.mark.parametrize("rank", [513, 10**9, 2.0])
def test_a_module_whose_own_rank_would_take_gigabytes_is_refused(adapter: Path, rank: object) -> None:
    set_fields(adapter, rank_pattern={"q_proj": rank})
    with pytest.raises(AdapterError, match="a rank of 1 to 512 is expected"):
        inspect(adapter)


@pytest.mark.parametrize("pattern", [{}, None, {"q_proj": 2}])
def test_patterns_within_bounds_are_taken(adapter: Path, pattern: object) -> None:
    sound = inspect(adapter)
    set_fields(adapter, rank_pattern=pattern, alpha_pattern=pattern)
    assert inspect(adapter) == sound


def test_a_rank_that_its_tensors_do_not_have_is_refused(adapter: Path) -> None:
    set_fields(adapter, r=512)
    with pytest.raises(AdapterError, match="is of rank 2"):
        inspect(adapter)


@pytest.mark.parametrize("alpha", [0, -1.0, float("inf"), float("nan"), True, "32"])
def test_a_scale_that_is_no_positive_number_is_refused(adapter: Path, alpha: object) -> None:
    set_fields(adapter, lora_alpha=alpha)
    with pytest.raises(AdapterError, match="lora_alpha"):
        inspect(adapter)


@pytest.mark.parametrize(
    "text",
    ["[" * 100_000, '{"a":' * 50_000, "", "null", "[]", "\x00"],
    ids=["lists", "objects", "empty", "null", "list", "nul"],
)
def test_a_configuration_that_is_no_object_is_refused(adapter: Path, text: str) -> None:
    (adapter / CONFIG).write_text(text, encoding="utf-8")
    with pytest.raises(AdapterError, match=CONFIG):
        inspect(adapter)


def test_a_configuration_of_megabytes_is_refused_unread(adapter: Path) -> None:
    (adapter / CONFIG).write_bytes(b" " * (MAX_CONFIG + 1))
    with pytest.raises(AdapterError, match="at most"):
        inspect(adapter)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_a_weight_that_is_not_finite_is_refused(adapter: Path, value: float) -> None:
    tensors = load_file(adapter / WEIGHTS)
    tensors[f"{STEM}.lora_A.weight"][1, 3] = value
    save_file(tensors, adapter / WEIGHTS)
    with pytest.raises(AdapterError, match="NaN or infinity"):
        inspect(adapter)


def test_weights_pickled_under_a_safe_name_are_refused_by_their_content(adapter: Path) -> None:
    torch.save({"lora_B": torch.ones(2)}, adapter / WEIGHTS)
    with pytest.raises(AdapterError, match="not a safetensors file"):
        inspect(adapter)


@pytest.mark.parametrize(
    "name", ["chat_template.jinja", "tokenizer_config.json", "modeling_evil.py", "adapter_model.bin"]
)
def test_a_file_that_could_steer_the_server_has_no_place(adapter: Path, name: str) -> None:
    (adapter / name).write_text("{{ messages }}", encoding="utf-8")
    with pytest.raises(AdapterError, match=name):
        inspect(adapter)


def test_a_base_that_the_adapter_names_is_reported_and_not_used(adapter: Path) -> None:
    set_fields(adapter, base_model_name_or_path="https://example.org/evil")
    assert inspect(adapter).base == "https://example.org/evil"
