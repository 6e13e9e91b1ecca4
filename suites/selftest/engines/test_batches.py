"""Batches depend on the list of items and the decoding alone, and hold no more items and tokens than that says."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from harness.engines.generate import Decoding, batches
from harness.spec.work import Generation

lengths_of_prompts = st.dictionaries(st.text(max_size=5), st.integers(1, 300), min_size=1, max_size=80)
decodings = st.builds(Decoding, st.integers(1, 20), st.integers(1, 60), batch_tokens=st.integers(1, 3000))


def held(batch: list[str], lengths: dict[str, int], decoding: Decoding) -> int:
    """Tokens in the cache once every answer of a batch is as long as it may be."""
    return len(batch) * (max(lengths[name] for name in batch) + decoding.max_new_tokens)


@given(lengths_of_prompts, decodings)
def test_every_item_is_in_one_batch(lengths: dict[str, int], decoding: Decoding) -> None:
    found = batches(lengths, decoding)
    assert sorted(name for batch in found for name in batch) == sorted(lengths)


@given(lengths_of_prompts, decodings)
def test_no_batch_has_too_many_items_or_tokens_but_an_item_that_has_too_many_by_itself(
    lengths: dict[str, int], decoding: Decoding
) -> None:
    for batch in batches(lengths, decoding):
        assert 0 < len(batch) <= decoding.batch_size
        assert len(batch) == 1 or held(batch, lengths, decoding) <= decoding.batch_tokens


@given(lengths_of_prompts, decodings, st.randoms())
def test_the_order_of_the_items_does_not_matter(lengths: dict[str, int], decoding: Decoding, chance: object) -> None:
    names = list(lengths)
    chance.shuffle(names)  # type: ignore[attr-defined]
    assert batches({name: lengths[name] for name in names}, decoding) == batches(lengths, decoding)


@given(lengths_of_prompts, st.integers(1, 20), st.integers(1, 60))
def test_batches_that_fit_are_of_nearly_equal_size_and_stay_as_they_are(
    lengths: dict[str, int], size: int, most: int
) -> None:
    plenty = size * (max(lengths.values()) + most)
    found = batches(lengths, Decoding(size, most, batch_tokens=plenty))
    assert len(found) == -(-len(lengths) // size)
    assert max(map(len, found)) - min(map(len, found)) <= 1
    assert found == batches(lengths, Decoding(size, most, batch_tokens=10**9))


@given(lengths_of_prompts, decodings)
def test_neighbours_of_one_batch_could_not_have_been_asked_together(
    lengths: dict[str, int], decoding: Decoding
) -> None:
    """Only what would not fit is divided: the parts of a batch are as few as possible."""
    whole = batches(lengths, Decoding(decoding.batch_size, decoding.max_new_tokens, batch_tokens=10**9))
    for batch in whole:
        parts = [part for part in batches(lengths, decoding) if set(part) <= set(batch)]
        for one, other in pairwise(parts):
            assert held([one[-1], *other], lengths, decoding) > decoding.batch_tokens


def test_a_long_prompt_leaves_short_ones_together() -> None:
    lengths = {"a": 10, "b": 11, "c": 12, "d": 10_000}
    assert batches(lengths, Decoding(4, 10, batch_tokens=100)) == [["a", "b", "c"], ["d"]]


def test_one_by_one_is_one_decoding_however_many_tokens_were_let_be_held() -> None:
    few, many = (Decoding(8, 16, ("stop",), batch_tokens=tokens) for tokens in (10, 10**9))
    assert few.one_by_one() == many.one_by_one() == Decoding(1, 16, ("stop",), Generation.batch_tokens)
