"""The random base is what the project's own loader makes of the same weights, and is as large as it is called."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from suites.gpu import random_base, random_checkpoint
from suites.gpu.scale import SCALES
from suites.gpu.steps.qlora import recipe, samples
from training import quantized_base

TINY = SCALES["tiny"]


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("random")
    assert random_checkpoint.write(TINY, "cpu", folder) == random_checkpoint.size(TINY)
    return quantized_base.load(folder, recipe(TINY), "cpu")


@pytest.fixture(scope="module")
def made() -> Any:
    return random_base.made(TINY, "cpu", "bfloat16")


def parts(model: Any) -> dict[str, Any]:
    return {
        name: (type(one), one.dtype, one.requires_grad, one.detach().clone()) for name, one in model.named_parameters()
    }


def test_what_is_made_in_memory_is_what_the_loader_makes_of_a_checkpoint(made: Any, loaded: Any) -> None:
    first, second = parts(made), parts(loaded)
    assert list(first) == list(second)
    for name, (*kind, values) in first.items():
        *other, expected = second[name]
        assert kind == other, name
        assert torch.equal(values, expected), name
    assert [type(one) for one in made.modules()] == [type(one) for one in loaded.modules()]
    assert made.config.quantization_config.to_dict() == loaded.config.quantization_config.to_dict()
    marks = ("is_loaded_in_4bit", "is_quantized", "quantization_method")
    assert [getattr(made, mark) for mark in marks] == [getattr(loaded, mark) for mark in marks]


def test_it_computes_the_same(made: Any, loaded: Any) -> None:
    prompt = torch.tensor([random_base.ids(12, TINY, seed=3)])
    with torch.inference_mode():
        assert torch.equal(made(input_ids=prompt).logits, loaded(input_ids=prompt).logits)


def test_in_float32_it_has_the_values_of_bfloat16(made: Any) -> None:
    wider = random_base.made(TINY, "cpu", "float32")
    assert torch.equal(wider.lm_head.weight, made.lm_head.weight.float())
    assert torch.equal(wider.model.layers[0].mlp.up_proj.weight, made.model.layers[0].mlp.up_proj.weight)


def test_the_large_one_has_the_weights_of_an_8b_qwen3() -> None:
    assert random_checkpoint.size(SCALES["8b"]) == 2 * 8_190_735_360, "as its published checkpoint"


def test_samples_are_full_and_half_learned_and_differ() -> None:
    found = samples(TINY)
    assert len(found) == TINY.rows * TINY.steps
    assert {(len(one.prompt), len(one.completion)) for one in found} == {(TINY.tokens // 2, TINY.tokens // 2)}
    assert len({one.prompt for one in found}) == len(found)


@pytest.mark.parametrize("scale", SCALES.values(), ids=SCALES.keys())
def test_prompts_differ_in_length_so_that_batches_are_padded(scale: Any) -> None:
    sizes = scale.sizes_of_prompts()
    assert len(sizes) == scale.prompts
    assert sizes[0] == scale.prompt_tokens
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] >= scale.prompt_tokens // 2
