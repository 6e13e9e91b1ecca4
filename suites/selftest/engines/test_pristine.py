"""A base is given back as it was, or is known not to be."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM

from harness.engines import form, pristine
from harness.engines.float32 import FORM
from harness.engines.form import Loaded
from harness.engines.mount import mounted
from harness.errors import AdapterError, GreenrunError
from suites.selftest.zoo import makers
from suites.tiny import line as tiny


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("base") / "base"
    tiny.write_base(folder)
    return folder


@pytest.fixture
def base(checkpoint: Path) -> Loaded:
    return form.load(FORM, checkpoint, 1)


@pytest.fixture
def adapter(checkpoint: Path, tmp_path: Path) -> Path:
    makers.lora()(AutoModelForCausalLM.from_pretrained(checkpoint), tmp_path / "adapter")
    return tmp_path / "adapter"


def overwrite(model: Any) -> None:
    model.lm_head.weight.data[0, 0] += 1


def permute(model: Any) -> None:
    model.model.embed_tokens.weight.data.copy_(model.model.embed_tokens.weight.data.flip(0))


SOILING: tuple[Callable[[Any], None], ...] = (overwrite, permute)


@pytest.mark.parametrize("soil", SOILING, ids=lambda soil: soil.__name__)
def test_a_matrix_that_was_written_to_is_found_and_the_base_refused(
    soil: Callable[[Any], None], base: Loaded, adapter: Path
) -> None:
    with pristine.given_back(base.model):
        soil(base.model)
    assert not pristine.is_clean(base.model)
    with pytest.raises(GreenrunError, match="load it anew"), mounted(base, adapter):
        pass


def swap_a_layer(model: Any) -> None:
    model.model.layers[0].self_attn.q_proj = torch.nn.Linear(64, 64)


def write_a_norm(model: Any) -> None:
    model.model.norm.weight.data.mul_(3)


def hook(model: Any) -> None:
    model.lm_head.register_forward_hook(lambda module, given, out: out * 2)


def mark(model: Any) -> None:
    model.peft_config = {}
    model.config.pretraining_tp = 3
    model.train().requires_grad_(False)


MENDED: tuple[Callable[[Any], None], ...] = (swap_a_layer, write_a_norm, hook, mark)


@pytest.mark.parametrize("change", MENDED, ids=lambda change: change.__name__)
def test_layers_norms_hooks_and_marks_are_put_back(change: Callable[[Any], None], base: Loaded) -> None:
    ids = torch.arange(3, 20)[None]
    before, wanted = pristine.fingerprint(base.model), base.model(ids).logits
    with pristine.given_back(base.model):
        change(base.model)
    assert pristine.is_clean(base.model)
    assert pristine.fingerprint(base.model) == before
    assert torch.equal(base.model(ids).logits, wanted)
    assert not base.model.training
    assert not hasattr(base.model, "peft_config")


def test_a_loading_that_fails_half_way_leaves_no_layer_behind(
    base: Loaded, adapter: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import peft

    def half(*_: object) -> None:
        raise RuntimeError("no such layer")

    before = pristine.fingerprint(base.model)
    monkeypatch.setattr(peft, "set_peft_model_state_dict", half)
    with pytest.raises(AdapterError, match="no such layer"), mounted(base, adapter):
        pass
    assert pristine.fingerprint(base.model) == before


def test_a_base_that_is_kept_is_loaded_once_and_anew_where_it_is_soiled(checkpoint: Path) -> None:
    get = pristine.kept(lambda: form.load(FORM, checkpoint, 1))
    first = get()
    assert get() is first
    with pristine.given_back(first.model):
        overwrite(first.model)
    assert get() is not first
    assert pristine.is_clean(get().model)


def test_no_hub_is_asked_for_the_base_that_an_adapter_names(
    base: Loaded, adapter: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from peft.utils import save_and_load

    def asked(*_: object, **__: object) -> None:
        pytest.fail("a hub was asked")

    makers.fields(base_model_name_or_path="somebody/some-base")(adapter)
    monkeypatch.setattr(save_and_load, "check_file_exists_on_hf_hub", asked)
    monkeypatch.setattr(socket.socket, "connect", asked)
    with mounted(base, adapter):
        pass
