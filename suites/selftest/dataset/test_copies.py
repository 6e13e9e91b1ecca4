"""Copies are found wherever they are planted in a file; what is different is left alone."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.dataset.duplicates import duplicate_findings
from harness.dataset.item import Item
from harness.spec.data import Options
from harness.text.compare import side_by_side
from suites.selftest.dataset.made_items import different, item, text

PATH = Path("some.jsonl")
QUICK = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)


def copies(items: list[Item], options: Options | None = None) -> list[tuple[int, str]]:
    return [(found.line, found.kind) for found in duplicate_findings(PATH, items, options or Options())]


def distinct(seed: int, words: int) -> list[str]:
    """Different made-up words."""
    source = random.Random(seed)
    return ["".join(source.choices("bdfgklmnprstvz", k=6)) for _ in range(words)]


def altered(original: str, word: int) -> str:
    """The text with one of its 40 words changed: 31 of 41 shingles stay the same, and none is lost at the ends."""
    words = original.split()
    words[word] = "other"
    return " ".join(words)


class TestDuplicates:
    def test_different_items_are_left_alone(self) -> None:
        assert copies(different(30)) == []

    @QUICK
    @given(source=st.integers(1, 12), target=st.integers(1, 12), side=st.sampled_from(["prompt", "answer", "both"]))
    def test_an_exact_copy_is_found_in_any_position(self, source: int, target: int, side: str) -> None:
        items = different(12)
        prompt, answer = items[source - 1].messages[1]["content"], items[source - 1].reference
        own = items[target - 1]
        if side == "prompt":
            answer = own.reference
        elif side == "answer":
            prompt = own.messages[1]["content"]
        items[target - 1] = item(target, f"  {prompt.upper()}!", answer.replace(" ", "\u3000"))
        expected = [(max(source, target), f"exact-{side}")] if source != target else []
        assert copies(items) == expected

    @QUICK
    @given(source=st.integers(1, 12), target=st.integers(1, 12), word=st.sampled_from([0, 1, 38, 39]))
    def test_a_near_copy_is_found_in_any_position(self, source: int, target: int, word: int) -> None:
        items = different(12)
        items[target - 1] = item(
            target, altered(items[source - 1].messages[1]["content"], word), items[target - 1].reference
        )
        expected = [(max(source, target), "near-prompt")] if source != target else []
        assert copies(items) == expected

    @QUICK
    @given(source=st.integers(1, 6), target=st.integers(1, 6), at=st.integers(0, 199), edit=st.sampled_from(
        ["changed", "left out", "added", "moved to the end"]), side=st.sampled_from(["prompt", "answer"]))  # fmt: skip
    def test_one_word_edited_anywhere_in_a_long_text_leaves_a_near_copy(
        self, source: int, target: int, at: int, edit: str, side: str
    ) -> None:
        said = text(source, 200).split()
        word = said[at]
        said[at : at + 1] = {"changed": ["other"], "left out": [], "added": ["other", word], "moved to the end": []}[
            edit
        ]
        said += [word] if edit == "moved to the end" else []
        texts = {line: text(line, 200) for line in range(1, 7)}
        if source != target:
            texts[target] = " ".join(said)
        one = [item(line, texts[line], text(50 + line)) for line in texts]
        other = [item(line, text(50 + line), texts[line]) for line in texts]
        expected = [max(source, target)] if source != target else []
        assert [line for line, _ in copies(one if side == "prompt" else other)] == expected

    @QUICK
    @given(order=st.permutations(range(9)))
    def test_in_any_order_the_same_items_are_left_when_the_copies_are_taken_out(self, order: list[int]) -> None:
        """One item of each cluster stays, whichever came first."""
        chain = [text(1), altered(text(1), 0), altered(altered(text(1), 0), 39), text(2), text(2).upper()]
        chain += [text(3), text(4), altered(text(4), 39), text(5)]
        cluster = [0, 0, 0, 1, 1, 2, 3, 3, 4]
        items = [item(line, chain[at], text(100 + at)) for line, at in enumerate(order, 1)]
        accused = {line for line, _ in copies(items)}
        left = [cluster[at] for line, at in enumerate(order, 1) if line not in accused]
        assert sorted(left) == [0, 1, 2, 3, 4]

    def test_the_bound_is_the_exact_similarity(self) -> None:
        words = text(1).split()
        near = item(2, " ".join(["x", "y", "z", *words[3:]]), text(9))  # 33 of 39 shingles are shared
        pair = [item(1, text(1), text(8)), near]
        assert copies(pair, Options(similarity=33 / 39)) == [(2, "near-prompt")]
        assert copies(pair, Options(similarity=33 / 39 + 1e-9)) == []

    @pytest.mark.parametrize("length", [14, 20, 37, 60, 90])
    @pytest.mark.parametrize("places", [(0.5,), (0.4, 0.6), (0.3, 0.7)], ids=["one", "two near", "two far"])
    @pytest.mark.parametrize("side", ["prompt", "answer"])
    def test_one_or_two_changed_middle_words_leave_a_near_copy_however_short(
        self, length: int, places: tuple[float, ...], side: str
    ) -> None:
        said = distinct(1, length)
        changed = list(said)
        for number, place in enumerate(places):
            changed[int(place * length)] = f"other{'xy'[number]}"
        texts = (" ".join(said), " ".join(changed), " ".join(distinct(2, length)))
        one = [item(line, said, text(50 + line)) for line, said in enumerate(texts, 1)]
        other = [item(line, text(50 + line), said) for line, said in enumerate(texts, 1)]
        assert copies(one if side == "prompt" else other) == [(2, f"near-{side}")]

    def test_three_changed_words_of_twenty_make_another_text(self) -> None:
        said = distinct(1, 20)
        changed = [f"other{at}" if at in (4, 9, 14) else word for at, word in enumerate(said)]
        assert copies([item(1, " ".join(said), text(8)), item(2, " ".join(changed), text(9))]) == []

    def test_variants_of_a_short_question_in_one_file_are_left_alone(self) -> None:
        said = [
            "Why do tides rise?",
            "Please, why do the tides rise?",
            "Why do tides rise so often?",
            "Why do tides fall?",
        ]
        assert copies([item(line, one, text(line)) for line, one in enumerate(said, 1)]) == []

    def test_one_form_with_other_names_and_numbers_in_it_is_left_alone(self) -> None:
        form = "A train leaves {} at {} and reaches the coast after {} hours; how fast did it go on average, in km?"
        said = [form.format(town, line % 12, line + 2) for line, town in enumerate(("Lima", "Oslo", "Bern", "Kyiv"), 1)]
        assert copies([item(line, one, text(line)) for line, one in enumerate(said, 1)], Options(similarity=0.95)) == []

    @pytest.mark.parametrize("sign", ["\u200b", "\u00ad", "\ufeff", "\ufe0f", "\u2060", "\u200d", "\u034f", "\x00"])
    def test_a_sign_that_nobody_sees_hides_no_copy(self, sign: str) -> None:
        hidden = "".join(f"{sign}{letter}" for letter in "Why tides?")
        assert copies([item(1, "Why tides?", text(1)), item(2, hidden, text(2))]) == [(2, "exact-prompt")]

    def test_the_order_of_the_items_does_not_change_how_many_are_accused(self) -> None:
        chain = [text(1), altered(text(1), 0), altered(altered(text(1), 0), 39), text(2), text(2)]
        for seed in range(10):
            random.Random(seed).shuffle(chain)
            items = [item(line, prompt, text(100 + line)) for line, prompt in enumerate(chain, 1)]
            assert len(copies(items)) == 3

    def test_a_crowd_of_copies_is_one_cluster(self) -> None:
        items = [item(line, altered(text(1), 39) + f" {line}", text(100 + line)) for line in range(1, 200)]
        assert len(copies(items)) == 198

    @pytest.mark.parametrize(
        "script", ["潮の満ち引きは月の引力で起こります海は日に二度", "ทะเลขึ้นลงวันละสองครั้งเพราะแรงดึงดูดของดวงจันทร์"]
    )
    def test_scripts_without_spaces_are_compared_by_character(self, script: str) -> None:
        pair = [item(1, script, text(1)), item(2, script + "。です", text(2)), item(3, script[::-1], text(3))]
        assert copies(pair, Options(similarity=0.75)) == [(2, "near-prompt")]

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("What is 3 + 4?", "What is 3 - 4?"),
            ("Solve f(x) = 2*x for x", "Solve f(x) = 2/x for x"),
            ("Is -5 even?", "Is 5 even?"),
            ("What is C++?", "What is C#?"),
            ("Is it $5?", "Is it \u20ac5?"),
            ("Answer 😀", "Answer 😢"),
            ("दिन क्या है", "दान क्या है"),
        ],
    )
    def test_a_sign_that_changes_what_is_asked_makes_another_item(self, one: str, other: str) -> None:
        assert copies([item(1, one, text(1)), item(2, other, text(2))]) == []
        assert copies([item(1, one, text(1)), item(2, f" {one.upper()}", text(2))]) == [(2, "exact-prompt")]

    @pytest.mark.parametrize("other", ["the well-known tide (it is *high*)", "The well known tide; it is **high**!"])
    def test_the_dress_of_prose_makes_no_other_item(self, other: str) -> None:
        items = [item(1, "The well known tide - it is high.", text(1)), item(2, other, text(2))]
        assert copies(items) == [(2, "exact-prompt")]

    def test_the_same_words_in_other_brackets_are_near_and_not_the_same(self) -> None:
        code = 'def correct(brackets: str): """brackets is a string of "{0}" and "{1}". correct("{0}{1}") is True."""'
        pair = [item(1, code.format("<", ">"), text(1)), item(2, code.format("(", ")"), text(2))]
        assert copies(pair) == [(2, "near-prompt")]
        assert copies([item(1, "Is <> ok?", text(1)), item(2, "Is [] ok?", text(2))]) == []

    @pytest.mark.parametrize("prompt", ["😀😀", "???"])
    def test_texts_without_words_are_compared_too(self, prompt: str) -> None:
        assert copies([item(1, prompt, text(1)), item(2, prompt, text(2))]) == [(2, "exact-prompt")]

    def test_short_items_are_compared_whole(self) -> None:
        items = [item(1, "Why tides?", text(1)), item(2, "why  TIDES", text(2)), item(3, "Why rains?", text(3))]
        assert copies(items) == [(2, "exact-prompt")]

    def test_refusals_may_all_say_the_same(self) -> None:
        items = [item(line, text(line), "Declined: graded work must be your own.", True) for line in range(1, 9)]
        assert copies(items) == []

    def test_a_side_that_the_spec_leaves_out_is_not_compared(self) -> None:
        items = [item(line, text(line), "Yes.") for line in range(1, 5)]
        assert copies(items, Options(duplicates_of=("prompt", "both"))) == []

    def test_a_finding_shows_both_texts_with_the_shared_run_marked(self) -> None:
        shown = side_by_side("Tell me why the sea rises.", "I wonder why the sea falls.")
        assert shown == "here: Tell me [[why the sea]] rises.\n    there: I wonder [[why the sea]] falls."
