"""Wherever any error is taken for the fault of what was loaded, memory that ran out is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import SafetensorError

from harness.dataset import file_format, tables
from harness.dataset.item import Item
from harness.engines import base_tokenizer, form, pristine
from harness.engines.float32 import FORM
from harness.engines.form import Loaded
from harness.engines.mount import mounted
from harness.errors import NoMemoryError
from harness.metrics import registry
from harness.metrics.metric import Forms, score_of
from harness.spec.chat import Chat
from suites.tiny import line, lora

CARD = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
PROCESSOR = RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 2147483648 bytes.")
FILE = SafetensorError("I/O error: Cannot allocate memory (os error 12)")


def raising(error: Exception) -> Callable[..., None]:
    def fail(*_: Any, **__: Any) -> None:
        raise error

    return fail


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("release")
    line.write_base(folder / "base")
    lora.write_adapter(folder / "base", folder / "adapter")
    return folder


@pytest.fixture(scope="module")
def base(place: Path) -> Loaded:
    return form.load(FORM, place / "base", 1)


@pytest.mark.parametrize(
    ("where", "error"),
    [
        ("safetensors.safe_open", FILE),
        ("peft.LoraConfig", PROCESSOR),
        ("peft.get_peft_model_state_dict", PROCESSOR),
        ("peft.PeftModelForCausalLM", CARD),
        ("peft.set_peft_model_state_dict", CARD),
    ],
)
def test_an_adapter_is_not(
    where: str, error: Exception, place: Path, base: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(where, raising(error))
    before = pristine.fingerprint(base.model)
    with pytest.raises(NoMemoryError, match=r"^memory ran out while "), mounted(base, place / "adapter"):
        pass
    assert pristine.fingerprint(base.model) == before
    assert pristine.is_clean(base.model)


def test_a_tokenizer_is_not(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("transformers.AutoTokenizer.from_pretrained", raising(MemoryError()))
    with pytest.raises(NoMemoryError, match="while loading the base's tokenizer"):
        base_tokenizer.problems(place / "base", Chat(), [("user",)])


def test_a_table_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("id,text\n1,sea\n", encoding="utf-8")
    monkeypatch.setattr("datasets.load_dataset", raising(MemoryError()))
    with pytest.raises(NoMemoryError, match=r"while reading .*rows\.csv"):
        list(tables.records(path, file_format.format_of(path)))


def test_a_metric_is_not() -> None:
    metric = replace(registry.METRICS["coverage"], score=raising(MemoryError()))
    item = Item("one", "", "", "", messages=(), reference="", points=(), line=0)
    with pytest.raises(NoMemoryError, match="while scoring one by coverage"):
        score_of(metric, item, "", Forms(None, None))
