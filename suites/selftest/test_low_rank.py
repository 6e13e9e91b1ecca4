"""LoRA as one function: peft's own layer in value and in every gradient, and peft's own where it is not plain LoRA."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from peft import LoraConfig, get_peft_model
from torch import Tensor, nn

from training.low_rank import FusedLinear, fuse

IN, OUT, RANK = 6, 9, 3


class _Two(nn.Module):
    def __init__(self, bias: bool) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(IN, OUT, bias=bias), nn.Linear(OUT, IN, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        return self.second(torch.tanh(self.first(x)))  # type: ignore[no-any-return]


def _pair(bias: bool = False, **settings: object) -> tuple[nn.Module, nn.Module]:
    """Peft's model and the fused one, with the same weights; B is not zero, as it is before the first step."""
    models = []
    for change in (lambda config: config, fuse):
        torch.manual_seed(1)
        base = _Two(bias)
        config = LoraConfig(r=RANK, lora_alpha=7, target_modules=["first", "second"], **settings)
        model = get_peft_model(base, change(config))
        for name, weight in model.named_parameters():
            if "lora_" in name:
                nn.init.normal_(weight, generator=torch.Generator().manual_seed(len(name)))
        models.append(model)
    return models[0], models[1]


@pytest.fixture(scope="module")
def doubles() -> tuple[nn.Module, nn.Module]:
    plain, fused = _pair()
    return plain.double(), fused.double()


def _run(model: nn.Module, x: Tensor) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
    model.zero_grad()
    x = x.clone().requires_grad_()
    out = model(x)
    (out * torch.arange(out.numel()).view_as(out)).sum().backward()
    assert x.grad is not None
    return out, x.grad, {name: one.grad for name, one in model.named_parameters() if one.grad is not None}


@settings(deadline=None)  # torch loads parts of itself when first asked to compare
@given(st.lists(st.integers(1, 4), min_size=1, max_size=3), st.integers(0, 2**16))
def test_values_and_gradients_are_those_of_pefts_layer(
    doubles: tuple[nn.Module, nn.Module], shape: list[int], seed: int
) -> None:
    x = torch.randn(*shape, IN, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    plain, fused = doubles
    before, after = _run(plain, x), _run(fused, x)
    torch.testing.assert_close(after[0], before[0])
    torch.testing.assert_close(after[1], before[1])
    assert before[2].keys() == after[2].keys()
    assert len(after[2]) == 4, "two matrices a layer, and the base's are frozen"
    for name, gradient in before[2].items():
        torch.testing.assert_close(after[2][name], gradient, msg=lambda text, name=name: f"{name}: {text}")


def test_on_a_bfloat16_base_the_adapter_stays_float32_as_in_pefts_layer() -> None:
    plain, fused = _pair()
    for model in (plain, fused):
        for name, weight in model.named_parameters():
            if "lora_" not in name:
                weight.data = weight.data.bfloat16()
    x = torch.randn(5, IN, generator=torch.Generator().manual_seed(3)).bfloat16()
    before, after = _run(plain, x), _run(fused, x)
    assert after[0].dtype == torch.bfloat16
    torch.testing.assert_close(after[0], before[0], rtol=2**-8, atol=0.0)
    for name, gradient in before[2].items():
        assert after[2][name].dtype == torch.float32
        torch.testing.assert_close(after[2][name], gradient, rtol=2**-7, atol=2**-7 * float(gradient.abs().max()))


@pytest.mark.parametrize(
    ("bias", "settings"),
    [(True, {}), (False, {"use_dora": True}), (False, {"lora_dropout": 0.5})],
    ids=["bias", "DoRA", "dropout"],
)
def test_what_is_not_plain_lora_is_left_to_peft(
    bias: bool, settings: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object) -> Tensor:
        raise AssertionError("the fused product does not know this")

    monkeypatch.setattr("training.low_rank._Product.apply", never)
    plain, fused = _pair(bias, **settings)
    x = torch.randn(4, IN, generator=torch.Generator().manual_seed(2))
    results = []
    for model in (plain, fused):
        torch.manual_seed(5)
        results.append(model(x))
    torch.testing.assert_close(results[0], results[1])


def test_an_adapter_switched_off_leaves_the_base_alone() -> None:
    _, fused = _pair()
    x = torch.randn(4, IN, generator=torch.Generator().manual_seed(2))
    with fused.disable_adapter():  # type: ignore[operator]
        bare = fused(x)
    torch.manual_seed(1)
    torch.testing.assert_close(bare, _Two(bias=False)(x))
    assert not torch.allclose(bare, fused(x))


def test_every_adapted_layer_is_a_fused_one() -> None:
    _, fused = _pair()
    assert sum(isinstance(module, FusedLinear) for module in fused.modules()) == 2
