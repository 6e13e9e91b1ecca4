"""The cache with room holds what transformers' own holds, whatever is appended and whichever rows leave."""

from __future__ import annotations

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from transformers import LlamaConfig, MistralConfig
from transformers.cache_utils import DynamicLayer

from harness.engines.growing_cache import ROOM, GrowingLayer, growing_cache

ROWS, HEADS, WIDTH = 5, 2, 3


def _states(seed: int, rows: int, tokens: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    keys = torch.randn(rows, HEADS, tokens, WIDTH, generator=generator)
    return keys, torch.randn(rows, HEADS, tokens, WIDTH, generator=generator)


@settings(deadline=None)
@given(st.lists(st.one_of(st.integers(1, ROOM + 9), st.lists(st.booleans(), min_size=ROWS, max_size=ROWS)), max_size=9))
def test_it_is_transformers_own_in_value(steps: list[int | list[bool]]) -> None:
    ours, theirs = GrowingLayer(), DynamicLayer()
    rows = ROWS
    for number, step in enumerate(steps):
        if isinstance(step, int):
            states = _states(number, rows, step)
            for ours_held, theirs_held in zip(ours.update(*states), theirs.update(*states), strict=True):
                assert torch.equal(ours_held, theirs_held)
        elif any(step[:rows]):
            left = torch.tensor([row for row in range(rows) if step[row]])
            for layer in (ours, theirs):
                layer.batch_select_indices(left)
            rows = len(left) if ours.get_seq_length() else rows
        assert ours.get_seq_length() == theirs.get_seq_length()


def test_a_token_more_is_written_where_there_is_room() -> None:
    layer = GrowingLayer()
    places = {layer.update(*_states(number, ROWS, 1))[0].data_ptr() for number in range(ROOM)}
    assert len(places) == 1, "one buffer all along"


def test_layers_that_forget_stay_transformers_own() -> None:
    plain = LlamaConfig(num_hidden_layers=2)
    sliding = MistralConfig(num_hidden_layers=2, sliding_window=8)
    assert [type(layer) for layer in growing_cache(plain).layers] == [GrowingLayer] * 2
    assert not any(isinstance(layer, GrowingLayer) for layer in growing_cache(sliding).layers)
