"""LoRA on a layer that answers: peft's own layer in value, and peft's own where it is not plain LoRA."""

from __future__ import annotations

from typing import Any

import bitsandbytes
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from peft import LoraConfig, get_peft_model
from peft.tuners.lora.bnb import Linear4bit
from torch import Tensor, nn

from harness.engines.nf4_low_rank import AnsweringLinear4bit, for_answers

IN, OUT, RANK = 64, 96, 3


class _Two(nn.Module):
    is_loaded_in_4bit = True

    def __init__(self) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(1)
        self.first, self.second = (
            bitsandbytes.nn.Linear4bit(*sizes, bias=False, compute_dtype=torch.float32, quant_type="nf4")
            for sizes in ((IN, OUT), (OUT, IN))
        )
        for layer in (self.first, self.second):
            layer.weight.data = torch.randn(layer.weight.shape, generator=generator) / 8
            layer.support_avx512bf16_for_cpu = False

    def forward(self, x: Tensor) -> Tensor:
        return self.second(torch.tanh(self.first(x)))  # type: ignore[no-any-return]


def _mounted(change: Any, **settings: Any) -> Any:
    """The 4-bit model with LoRA by peft, or by our own layer. B is set to values other than zero, with which it
    starts."""
    config = LoraConfig(r=RANK, lora_alpha=7, target_modules=["first", "second"], **settings)
    torch.manual_seed(2)
    model = get_peft_model(_Two().to("cpu"), change(config))
    for name, weight in model.named_parameters():
        if "lora_" in name and weight.dtype == torch.float32:
            nn.init.normal_(weight, generator=torch.Generator().manual_seed(len(name)))
    return model.eval()


@pytest.fixture(scope="module")
def pair() -> tuple[Any, Any]:
    return _mounted(lambda config: config), _mounted(for_answers)


@settings(deadline=None)  # torch loads parts of itself when first asked to compare
@given(st.lists(st.integers(1, 5), min_size=1, max_size=3), st.integers(0, 2**16))
def test_it_says_what_pefts_layer_says(pair: tuple[Any, Any], shape: list[int], seed: int) -> None:
    x = torch.randn(*shape, IN, generator=torch.Generator().manual_seed(seed))
    theirs, ours = pair
    with torch.inference_mode():
        torch.testing.assert_close(ours(x), theirs(x), rtol=1e-5, atol=1e-4)


def test_every_adapted_four_bit_layer_is_one(pair: tuple[Any, Any]) -> None:
    theirs, ours = pair
    assert [type(module) for module in theirs.modules() if isinstance(module, Linear4bit)] == [Linear4bit] * 2
    assert [type(module) for module in ours.modules() if isinstance(module, Linear4bit)] == [AnsweringLinear4bit] * 2


def _refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object, **__: object) -> Tensor:
        raise AssertionError("the product in place does not know this")

    monkeypatch.setattr(Tensor, "addmm_", never)


@pytest.mark.parametrize(
    "settings",
    [{"use_dora": True}, {"lora_bias": True}, {"lora_dropout": 0.5}],
    ids=["DoRA", "bias", "dropout while training"],
)
def test_what_is_not_plain_lora_is_left_to_peft(settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    _refuse(monkeypatch)
    x = torch.randn(4, IN, generator=torch.Generator().manual_seed(3))
    said = []
    for change in (lambda config: config, for_answers):
        model = _mounted(change, **settings).train("lora_dropout" in settings)
        torch.manual_seed(5)
        with torch.no_grad():
            said.append(model(x))
    assert torch.equal(*said)


def test_gradients_are_left_to_peft(pair: tuple[Any, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    _refuse(monkeypatch)
    gradients = []
    for model in pair:
        model.zero_grad()
        x = torch.randn(4, IN, generator=torch.Generator().manual_seed(3)).requires_grad_()
        model(x).sum().backward()
        gradients.append(x.grad)
    assert torch.equal(*gradients)


def test_an_adapter_switched_off_leaves_the_base_alone(pair: tuple[Any, Any]) -> None:
    x = torch.randn(4, IN, generator=torch.Generator().manual_seed(3))
    with torch.inference_mode(), pair[1].disable_adapter():
        bare = pair[1](x)
    with torch.inference_mode():
        assert torch.equal(bare, _Two().to("cpu")(x))
        assert not torch.allclose(bare, pair[1](x))
