"""Weights de-quantized once for a list: the very numbers that the packed layers compute, and only while it lasts."""

from __future__ import annotations

import bitsandbytes
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from harness.engines.nf4_unpacked import unpacked

IN, OUT = 64, 96


def _layer(
    seed: int = 1,
    *,
    bias: bool = False,
    packed: bool = False,
    weights: torch.dtype = torch.float32,
    products: torch.dtype = torch.float32,
) -> nn.Module:
    layer = bitsandbytes.nn.Linear4bit(IN, OUT, bias=bias, compute_dtype=products, quant_type="nf4")
    layer.weight.data = torch.randn(OUT, IN, generator=torch.Generator().manual_seed(seed)).to(weights)
    layer.support_avx512bf16_for_cpu = packed
    return nn.Sequential(layer.to("cpu")).eval()


def _input(*shape: int, seed: int = 3) -> Tensor:
    return torch.randn(*shape, IN, generator=torch.Generator().manual_seed(seed))


@settings(deadline=None)
@given(st.lists(st.integers(1, 70), min_size=1, max_size=2), st.booleans(), st.integers(0, 2**16))
def test_the_bits_are_those_of_the_packed_layer(shape: list[int], bias: bool, seed: int) -> None:
    model, x = _layer(seed, bias=bias), _input(*shape, seed=seed)
    with torch.inference_mode():
        before = model(x)
        with unpacked(model):
            assert torch.equal(model(x), before)


def test_nothing_is_de_quantized_while_a_list_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    model, x = _layer(), _input(5)
    products: list[object] = []
    packed = bitsandbytes.matmul_4bit

    def counted(*args: object, **kwargs: object) -> Tensor:
        products.append(args)
        return packed(*args, **kwargs)  # type: ignore[no-any-return]

    monkeypatch.setattr(bitsandbytes, "matmul_4bit", counted)
    with torch.inference_mode():
        model(x)
        assert len(products) == 1, "the packed layer de-quantizes for each"
        with unpacked(model):
            model(x)
            model(x)
        assert len(products) == 1


def test_a_list_is_answered_with_the_weights_that_are_there_when_it_begins() -> None:
    model, other, x = _layer(1), _layer(2), _input(5)
    with torch.inference_mode():
        with unpacked(model):
            first = model(x)
        model[0].weight = other[0].weight  # type: ignore[index, union-attr]
        with unpacked(model):
            assert not torch.equal(model(x), first)
            assert torch.equal(model(x), other(x))


def test_the_packed_layer_is_back_even_after_an_error() -> None:
    model = _layer()

    def ask() -> None:
        with unpacked(model):
            assert "forward" in vars(model[0])  # type: ignore[index]
            raise KeyError

    with pytest.raises(KeyError):
        ask()
    assert "forward" not in vars(model[0])  # type: ignore[index]


@pytest.mark.parametrize(("most", "unpacks"), [(4 * IN * OUT, True), (4 * IN * OUT - 1, False)])
def test_a_model_too_large_to_unpack_stays_packed(most: int, unpacks: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.engines.nf4_unpacked.MOST", most)
    model = _layer()
    with unpacked(model):
        assert ("forward" in vars(model[0])) is unpacks  # type: ignore[index]


@pytest.mark.parametrize(
    "model",
    [
        _layer(packed=True),
        _layer(weights=torch.bfloat16),
        _layer(products=torch.bfloat16),
        nn.Sequential(nn.Linear(IN, OUT)),
    ],
    ids=["re-packed for a kernel", "bfloat16 weights", "bfloat16 products", "not 4-bit"],
)
def test_layers_of_other_arithmetic_are_left_alone(model: nn.Sequential) -> None:
    with unpacked(model):
        assert "forward" not in vars(model[0])
