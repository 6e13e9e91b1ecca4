"""llama.cpp may work longer on a larger model and on more tokens, never shorter than on a small one."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.engines import patience
from harness.engines.patience import ANSWER, REPLY, STEP, Patience

SIZES = st.integers(0, 10**12)
TOKENS = st.integers(0, 10**5)
SMALL, LARGE = 88 * 10**6, 4_700 * 10**6
"""Bytes of a Q4_0 file of 135M weights, and of 8B."""


@given(SIZES, TOKENS, TOKENS)
def test_nothing_is_ended_sooner_than_a_small_model_would_be(size: int, read: int, written: int) -> None:
    one = Patience(size)

    assert min(one.loading(), one.answering(read, written), one.both(read, written)) >= REPLY
    assert min(patience.converting(size), patience.quantizing(size)) >= STEP
    assert patience.one_answer(None)(read, written) >= ANSWER


@given(SIZES, SIZES, TOKENS, TOKENS)
def test_a_larger_model_is_given_more(one: int, other: int, read: int, written: int) -> None:
    less, more = (Patience(size) for size in sorted((one, other)))

    assert less.loading() <= more.loading()
    assert less.answering(read, written) <= more.answering(read, written)
    assert less.both(read, written) <= more.both(read, written)
    for step in (patience.converting, patience.quantizing):
        assert step(less.size) <= step(more.size)


@given(SIZES, TOKENS, TOKENS, TOKENS)
def test_more_tokens_are_given_more_and_written_ones_most(size: int, read: int, written: int, more: int) -> None:
    one = Patience(size)

    assert one.answering(read, written) <= one.answering(read + more, written) <= one.answering(read, written + more)
    assert one.both(read, written) <= one.both(read + more, written) <= one.both(read, written + more)


@given(SIZES, TOKENS, TOKENS)
def test_loading_and_answering_together_have_the_common_seconds_once(size: int, read: int, written: int) -> None:
    one = Patience(size, ANSWER)

    assert one.both(read, written) == pytest.approx(one.loading() + one.answering(read, written) - ANSWER)


def test_a_machine_a_tenth_as_fast_as_the_one_measured_is_in_time() -> None:
    """An 8B answer of 200 tokens to 300, at a tenth of the bytes of weights a second that were measured."""
    tokens_a_second = 121 * SMALL / LARGE / 10

    assert Patience(LARGE).answering(300, 200) - REPLY > 200 / tokens_a_second


def test_what_a_small_model_is_given_hardly_grew() -> None:
    assert Patience(SMALL, ANSWER).both(200, 100) < 1.2 * ANSWER


@given(st.floats(0.1, 10**5), SIZES, TOKENS, TOKENS)
def test_a_limit_that_the_spec_names_holds_as_it_stands(told: float, size: int, read: int, written: int) -> None:
    assert patience.told_or(told, size) == told
    assert patience.one_answer(told)(read, written) == told


def test_the_size_of_an_answer_is_that_of_all_its_files(tmp_path: Path) -> None:
    (tmp_path / "model.gguf").write_bytes(b"x" * 1000)
    (tmp_path / "lora").mkdir()
    (tmp_path / "lora" / "lora.gguf").write_bytes(b"x" * 24)

    assert patience.size_of(tmp_path / "model.gguf", tmp_path / "lora", None, tmp_path / "absent") == 1024
    assert patience.size_of(tmp_path) == 1024
