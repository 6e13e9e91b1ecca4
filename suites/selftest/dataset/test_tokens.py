"""Whatever container a tokenizer returns, one plain list of ids comes out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import BatchEncoding

from harness.dataset import tokens
from harness.errors import GreenrunError

CONTAINERS = {
    "list": lambda ids: ids,
    "tuple": tuple,
    "nested list": lambda ids: [ids],
    "tensor": torch.tensor,
    "batched tensor": lambda ids: torch.tensor([ids]),
    "array": np.array,
    "batched array": lambda ids: np.array([ids]),
    "numpy integers": lambda ids: [np.int64(one) for one in ids],
    "dict of list": lambda ids: {"input_ids": ids, "attention_mask": [1] * len(ids)},
    "dict of tensor": lambda ids: {"input_ids": torch.tensor([ids])},
    "batch encoding": lambda ids: BatchEncoding({"input_ids": ids}),
    "batch encoding of tensors": lambda ids: BatchEncoding({"input_ids": torch.tensor([ids])}),
}


@given(ids=st.lists(st.integers(0, 200_000), min_size=1, max_size=40), container=st.sampled_from(sorted(CONTAINERS)))
def test_every_container_gives_the_same_plain_list(ids: list[int], container: str) -> None:
    found = tokens.ids(CONTAINERS[container](ids))
    assert found == ids
    assert all(type(one) is int for one in found)


@pytest.mark.parametrize(
    "encoded",
    [
        pytest.param([[1, 2], [3]], id="two texts"),
        pytest.param("12 13", id="text"),
        pytest.param([1.5, 2.0], id="floats"),
        pytest.param([True, False], id="booleans"),
        pytest.param(7, id="one number"),
        pytest.param(None, id="nothing"),
    ],
)
def test_what_is_not_the_ids_of_one_text_is_refused(encoded: Any) -> None:
    with pytest.raises(GreenrunError):
        tokens.ids(encoded)
