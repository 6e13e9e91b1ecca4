"""Copies are found wherever they are planted, inside a file and between files; what is different is left alone."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.dataset import overlap, spool
from harness.dataset.compare import side_by_side
from harness.dataset.composition import id_findings
from harness.dataset.duplicates import duplicate_findings
from harness.dataset.findings import Finding
from harness.dataset.item import Item
from harness.dataset.labels import Labels
from harness.dataset.leakage import text_findings
from harness.dataset.options import Options
from harness.dataset.records import read_items
from harness.dataset.scan import Plan, scan
from harness.dataset.secrets import SecretsCheck, luhn
from harness.dataset.template import TemplateCheck
from harness.errors import DataError

WORDS = [f"{a}{b}" for a in ("ba", "do", "ki", "lu", "me", "no", "pa", "ri") for b in ("sa", "te", "vi", "zo", "gu")]
PATH = Path("some.jsonl")
QUICK = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)


def text(seed: int, words: int = 40) -> str:
    return " ".join(random.Random(seed).choices(WORDS, k=words))


def item(line: int, prompt: str, answer: str, kind: str = "plain") -> Item:
    turns = ({"role": "system", "content": "The same for all."}, {"role": "user", "content": prompt})
    return Item(f"i{line}", "task", kind, f"t{line}", turns, answer, (), line)


def different(count: int) -> list[Item]:
    return [item(line, text(line), text(1000 + line)) for line in range(1, count + 1)]


def copies(items: list[Item], options: Options | None = None) -> list[tuple[int, str]]:
    return [(found.line, found.kind) for found in duplicate_findings(PATH, items, options or Options())]


def altered(original: str, word: int) -> str:
    """The text with one of its 40 words changed: 31 of 41 shingles stay, and none of them is lost at its ends."""
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
        near = item(2, altered(text(1), 2), text(9))  # three of 36 shingles differ: 33 of 39 are shared
        pair = [item(1, text(1), text(8)), near]
        assert copies(pair, Options(similarity=33 / 39)) == [(2, "near-prompt")]
        assert copies(pair, Options(similarity=33 / 39 + 1e-9)) == []

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
        assert leaks([item(1, "Is <> ok?", "a")], [item(2, "Is [] ok?", "b")]) == []

    @pytest.mark.parametrize("prompt", ["😀😀", "???"])
    def test_texts_without_words_are_compared_too(self, prompt: str) -> None:
        assert copies([item(1, prompt, text(1)), item(2, prompt, text(2))]) == [(2, "exact-prompt")]

    def test_short_items_are_compared_whole(self) -> None:
        items = [item(1, "Why tides?", text(1)), item(2, "why  TIDES", text(2)), item(3, "Why rains?", text(3))]
        assert copies(items) == [(2, "exact-prompt")]

    def test_refusals_may_all_say_the_same(self) -> None:
        items = [item(line, text(line), "Declined: graded work must be your own.", "graded") for line in range(1, 9)]
        assert copies(items) == []

    def test_a_side_that_the_spec_leaves_out_is_not_compared(self) -> None:
        items = [item(line, text(line), "Yes.") for line in range(1, 5)]
        assert copies(items, Options(duplicates_of=("prompt", "both"))) == []

    def test_a_finding_shows_both_texts_with_the_shared_run_marked(self) -> None:
        shown = side_by_side("Tell me why the sea rises.", "I wonder why the sea falls.")
        assert shown == "here: Tell me [[why the sea]] rises.\n    there: I wonder [[why the sea]] falls."


def leaks(train: list[Item], dev: list[Item], length: int = 8) -> list[Finding]:
    return list(text_findings({"train": (Path("a"), train), "dev": (Path("b"), dev)}, length))


class TestLeakage:
    @QUICK
    @given(source=st.integers(0, 7), target=st.integers(0, 4), start=st.integers(0, 30), at=st.integers(0, 40),
           side=st.sampled_from(["prompt", "answer"]), swapped=st.booleans())  # fmt: skip
    def test_a_planted_run_is_found_in_any_position_and_in_the_larger_or_smaller_file(
        self, source: int, target: int, start: int, at: int, side: str, swapped: bool
    ) -> None:
        large, small = different(8), [item(line, text(50 + line), text(80 + line)) for line in range(1, 6)]
        taken = large[source].messages[1]["content"] if side == "prompt" else large[source].reference
        words = text(999).split()
        words[at:at] = taken.split()[start : start + 9]
        planted, own = " ".join(words), small[target]
        prompt, answer = (planted, own.reference) if side == "prompt" else (own.messages[1]["content"], planted)
        small[target] = item(target + 1, prompt, answer)
        found = leaks(small, large) if swapped else leaks(large, small)
        assert [(one.line, one.kind) for one in found] == [(source + 1 if swapped else target + 1, f"run-{side}")]

    @QUICK
    @given(order=st.permutations(range(8)), other=st.permutations(range(5)))
    def test_the_order_of_either_file_changes_no_pair(self, order: list[int], other: list[int]) -> None:
        train = [item(line, text(line), text(100 + line)) for line in range(8)]
        dev = [item(line, f"{text(200 + line)} {text(line, 9)}", text(300 + line)) for line in range(5)]
        pairs = {
            (f.line, f.problem.split("\n")[0]) for f in leaks([train[at] for at in order], [dev[at] for at in other])
        }
        assert {line for line, _ in pairs} == {0, 1, 2, 3, 4}
        assert pairs == {(f.line, f.problem.split("\n")[0]) for f in leaks(train, dev)}

    def test_a_prompt_is_not_compared_with_an_answer(self) -> None:
        assert leaks([item(1, text(1), text(2))], [item(1, text(2), text(1))]) == []

    def test_thirteen_words_are_called_a_copy(self) -> None:
        def problem(words: int) -> str:
            (found,) = leaks([item(1, text(1), "a")], [item(1, " ".join(text(1).split()[:words]) + " x", "b")])
            return found.problem.split("\n")[0]

        assert problem(12) == "shares a run of 12 words with a:1"
        assert problem(13) == "copies 13 words in a row with a:1"

    def test_short_prompts_are_compared_whole(self) -> None:
        (found,) = leaks([item(7, "Why tides?", "a")], [item(3, "why TIDES", "b")])
        assert (found.line, found.kind, found.problem.split("\n")[0]) == (3, "whole-prompt", "asks the same with a:7")

    def test_a_short_answer_says_nothing_by_itself(self) -> None:
        assert leaks([item(1, text(1), "Yes, it does.")], [item(1, text(2), "Yes, it does.")]) == []

    def test_the_frame_of_all_prompts_is_not_their_content(self) -> None:
        frame = "Read the notes below and answer in the form that the tutor of this course has taught: "
        train = [item(line, frame + text(line), text(100 + line)) for line in range(1, 21)]
        dev = [item(line, frame + text(200 + line), text(300 + line)) for line in range(1, 21)]
        assert leaks(train, dev) == []
        dev[4] = item(5, frame + text(7), text(305))
        assert [(found.line, found.kind) for found in leaks(train, dev)] == [(5, "run-prompt")]

    def test_everyone_who_shares_a_common_run_is_accused(self) -> None:
        train = [item(line, f"{text(line)} {text(7, 9)}", text(100 + line)) for line in range(1, 101)]
        dev = [item(line, text(200 + line) + f" {text(7, 9)}" * (line < 6), text(300 + line)) for line in range(1, 31)]
        assert {found.line for found in leaks(train, dev)} == {1, 2, 3, 4, 5}
        assert {found.line for found in leaks(dev, train)} == set(range(1, 101))

    def test_hashes_that_agree_by_chance_accuse_nobody(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(overlap, "_marked", lambda found, side: np.full(len(found), 7, np.uint32))
        assert leaks(different(4), [item(line, text(50 + line), text(80 + line)) for line in range(1, 4)]) == []

    def test_both_texts_stand_side_by_side(self) -> None:
        (found,) = leaks([item(1, f"Aha {text(1, 9)} end", "a")], [item(1, f"Oho {text(1, 9)} stop", "b")])
        assert f"here: Oho [[{text(1, 9)}]] stop" in found.problem
        assert f"there: Aha [[{text(1, 9)}]] end" in found.problem


class TestIds:
    def test_an_id_of_another_file_is_accused(self) -> None:
        def named(line: int, name: str) -> Item:
            return Item(name, "task", "plain", "t", (), "", (), line, fields={"id": name})

        found = list(id_findings([(Path("a"), [named(1, "x")]), (Path("b"), [named(1, "y"), named(2, "x")])]))
        assert [(one.path, one.line, one.field) for one in found] == [(Path("b"), 2, "id")]
        assert "a:1" in found[0].problem

    def test_records_without_ids_are_left_out(self) -> None:
        items = [item(1, "a", "b"), item(1, "a", "b")]
        assert list(id_findings([(Path("a"), items)])) == []


class TestLabels:
    @pytest.mark.parametrize(
        ("prompt", "answer", "kind"), [(10, 6, None), (10, 7, "cut-labels"), (15, 7, "cut-labels"), (16, 1, "no-label")]
    )
    def test_labels_beyond_the_cut_are_missed(self, prompt: int, answer: int, kind: str | None) -> None:
        labels = Labels(lambda item: (prompt, answer), max_length=16)
        assert [found.kind for found in labels.findings(PATH, [item(3, "a", "b")])] == ([kind] if kind else [])

    def test_lengths_far_out_are_told(self) -> None:
        sizes = iter([*range(10, 20), 500])
        labels = Labels(lambda item: (next(sizes), 0), max_length=1000)
        list(labels.findings(PATH, different(11)))
        assert (
            labels.distribution() == "tokens an item: 10 to 500, quartiles 12, 15, 18; 1 of 11 far out (line 11: 500)"
        )


# Made up here, in parts, so that no scanner of this repository takes them for real ones.
SECRETS = {
    "aws": ("my key is " + "AKIA" + "QWERTYUIOPASDFGH", "secret", "AWS"),
    "github": ("use gh" + "p_aB3dE5gH7jK9mN1pQ3sT5vW7xY9zA1bC3dE5", "secret", "GitHub"),
    "slack": ("xox" + "b-123456789012-1234567890123-AbCdEfGhIjKlMnOpQrStUvWx", "secret", "Slack"),
    "pem": ("-----BEGIN RSA " + "PRIVATE KEY-----", "secret", "Private Key"),
    "e-mail": ("write to ann.lee@" + "postbox.org today", "e-mail", "e-mail"),
    "card": ("pay with 4111 1111 1111 1111 now", "card-number", "card"),
}


class TestSecrets:
    @staticmethod
    def kinds(text: str) -> list[str]:
        return [found.kind for found in SecretsCheck().findings(PATH, 1, {"messages": [{"content": text}]})]

    @pytest.mark.parametrize("name", SECRETS)
    def test_a_secret_is_found_and_not_repeated_in_full(self, name: str) -> None:
        said, kind, words = SECRETS[name]
        (found, *_) = SecretsCheck().findings(PATH, 4, {"messages": [{"content": said}]})
        assert (found.kind, found.line, found.field) == (kind, 4, "messages[0].content")
        assert words in found.problem
        assert all(part not in found.problem + found.evidence for part in said.split() if len(part) > 12)

    @pytest.mark.parametrize(
        "said",
        [
            "The sea rises twice a day, 12 hours and 25 minutes apart.",
            "write to ann@example.org",
            "pay with 4111 1111 1111 1112",
            "order 1234567890123456, ISBN 978-0-306-40615-7",
            "the years 1999 2000 2001 2002 were mild",
            "password: choose a long one",
        ],
    )
    def test_ordinary_text_is_left_alone(self, said: str) -> None:
        assert self.kinds(said) == []

    def test_the_check_digit_is_that_of_the_standard(self) -> None:
        assert [number for number in range(10) if luhn(f"7992739871{number}")] == [3]


TEMPLATE = "{{ question }}"


ASKS, SILENT, SEPARATED = (
    {"role": "user", "content": said, "tool_calls": None}
    for said in ("When is it?", "", "Caf\u00e9 \u2028 and \U0001f600?")
)
SAYS = {"role": "assistant", "content": "At noon.", "tool_calls": None}
CALLS = {"role": "assistant", "content": None, "tool_calls": [{"name": "tide", "arguments": '{"port": "X"}'}]}
RETURNS = {"role": "tool", "content": "noon", "tool_calls": None}


class TestWrittenByDatasets:
    """What a popular writer of JSON Lines makes of a table: columns that are null, turns that say nothing."""

    @pytest.mark.parametrize("options", [{}, {"force_ascii": False}, {"compression": "gzip"}], ids=str)
    def test_its_files_are_accused_of_what_the_table_held_and_of_nothing_else(
        self, options: dict[str, object], tmp_path: Path
    ) -> None:
        datasets = pytest.importorskip("datasets", reason="datasets is not installed: make test installs it")
        rows = [[ASKS, SAYS], [ASKS, CALLS, RETURNS, SAYS], [SILENT, SAYS], [SEPARATED, SAYS], [ASKS, CALLS]]
        table = datasets.Dataset.from_dict({"messages": rows, "score": [1.5, None, float("nan"), 2.0**70, -0.0]})
        path = tmp_path / "table.jsonl"
        table.to_json(str(path), **options)
        check = TemplateCheck("task", TEMPLATE, "", ".*", ".*")
        found = scan(Plan(path, checks=(check,)))
        told = {(one.line, one.kind) for tally in found.tallies.values() for one in tally.kept}
        assert told == {(3, "empty-field"), (3, "empty-prompt"), (4, "line-separator"), (5, "unusable")}


class TestForms:
    @pytest.fixture
    def read(self, tmp_path: Path) -> Callable[[object], Item]:
        def read(record: object) -> Item:
            path = tmp_path / "one.jsonl"
            path.write_text(json.dumps(record) + "\n", encoding="utf-8")
            (found,) = read_items(path, "task", TEMPLATE, "Be brief.")
            return found

        return read

    def test_turns_go_through_as_they_are_with_their_tool_calls(self, read: Callable[[object], Item]) -> None:
        call = {"role": "assistant", "content": None, "tool_calls": [{"function": {"name": "tide", "arguments": {}}}]}
        turns = [{"role": "user", "content": "When?"}, call, {"role": "tool", "content": "noon", "name": "tide"}]
        found = read({"messages": [*turns, {"role": "assistant", "content": "At noon."}]})
        assert (list(found.messages), found.reference) == (turns, "At noon.")

    @pytest.mark.parametrize("completion", ["At noon.", [{"role": "assistant", "content": "At noon."}]])
    @pytest.mark.parametrize("prompt", ["When?", [{"role": "user", "content": "When?"}]])
    def test_prompt_and_completion_are_turns_or_texts(
        self, prompt: object, completion: object, read: Callable[[object], Item]
    ) -> None:
        found = read({"prompt": prompt, "completion": completion})
        assert [turn["content"] for turn in found.messages] == ["Be brief.", "When?"]
        assert (found.reference, found.id, found.topic) == ("At noon.", "line-1", "line-1")

    def test_the_own_texts_of_a_record_are_the_fields_of_its_template(self, read: Callable[[object], Item]) -> None:
        found = read({"id": "a", "question": "When?", "comment": "not asked", "reference": "At noon."})
        assert list(spool.own_texts(found)) == [("question", "When?")]

    @pytest.mark.parametrize(
        ("record", "words"),
        [
            ({"messages": [{"role": "user", "content": "When?"}]}, "must end with the assistant's turn"),
            ({"messages": [{"role": "assistant", "tool_calls": []}]}, "a turn without text"),
            ({"messages": ["When?"]}, r"messages\[0\] is no turn"),
            ({"messages": [{"role": "user", "content": 7}]}, r"content is no text, got int"),
            ({"prompt": "When?", "completion": 3}, "wrong shape"),
            ({"prompt": "When?"}, "the task's template needs a field"),
        ],
    )
    def test_a_record_of_no_known_form_is_named(
        self, record: object, words: str, read: Callable[[object], Item]
    ) -> None:
        with pytest.raises(DataError, match=words):
            read(record)


SMALL_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(0, 9) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["role", "content", "wordings", "note", "tool_calls", "x"]), inner, max_size=3
        )
    ),
    max_leaves=6,
)
FIELDS = ["id", "task", "kind", "topic", "question", "reference", "points", "messages", "prompt", "completion"]


@QUICK
@given(record=st.dictionaries(st.sampled_from(FIELDS), SMALL_VALUES, max_size=6))
def test_no_record_brings_the_template_check_down(record: dict[str, object]) -> None:
    check = TemplateCheck("task", "{{ question.lower() }}", "", "A.*", "D.*")
    for found in check.findings(PATH, 1, record):
        assert found.problem
