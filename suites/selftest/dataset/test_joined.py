"""What was joined hangs together, in whatever order, and nothing else does; pairs of one file are those of two."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from harness.dataset import asked_inside, near_prompts, shared_runs
from harness.dataset.item import Item
from harness.dataset.joined import Joined
from harness.dataset.texts import Spool

COUNT = 8
PAIRS = st.lists(st.tuples(st.integers(0, COUNT - 1), st.integers(0, COUNT - 1)), max_size=12)
LONG = "the heron stands quite still in the shallow water of the old mill pond"


def _groups(pairs: list[tuple[int, int]]) -> list[list[int]]:
    joined = Joined(COUNT)
    for one, other in pairs:
        joined.join(one, other)
    return joined.groups()


@given(PAIRS)
def test_groups_do_not_depend_on_the_order_of_joining(pairs: list[tuple[int, int]]) -> None:
    found = _groups(pairs)
    assert sorted(number for group in found for number in group) == list(range(COUNT))
    assert _groups([(other, one) for one, other in reversed(pairs)]) == found
    reached = {number: {number} for number in range(COUNT)}
    for _ in range(COUNT):
        for one, other in pairs:
            reached[one] |= reached[other]
            reached[other] |= reached[one]
    assert all(set(group) == reached[group[0]] for group in found)


def _spool(*asked: tuple[str, str]) -> Spool:
    items = [
        Item(f"i{n}", "t", "plain", f"i{n}", ({"role": "user", "content": question},), answer, (), n + 1)
        for n, (question, answer) in enumerate(asked)
    ]
    spool = Spool(Path("one.jsonl"))
    for _ in spool.fill(items):
        pass
    return spool


def test_items_that_share_a_run_are_a_pair() -> None:
    spool = _spool((f"Why? {LONG}.", "yes"), ("How tall is a giraffe?", "tall"), (f"Is it so that {LONG}?", "no"))
    assert list(shared_runs.pairs_within(spool, 8)) == [(0, 2)]


def test_prompts_that_are_one_but_for_a_word_are_a_pair() -> None:
    spool = _spool(
        ("Describe the mossy lanterns behind grandmother's crooked orchard wall", "a"),
        ("Describe the mossy lanterns behind grandmother's crooked garden wall", "b"),
        ("Name three rivers of Norway", "c"),
    )
    assert list(near_prompts.pairs_within(spool)) == [(0, 1)]


def test_a_short_question_and_the_text_that_asks_it_are_a_pair() -> None:
    spool = _spool(
        ("How do crooked lanterns survive winter storms?", "a"),
        ("Read this first. How do crooked lanterns survive winter storms? Then rest a while.", "b"),
    )
    assert list(asked_inside.pairs_within(spool)) == [(0, 1)]
