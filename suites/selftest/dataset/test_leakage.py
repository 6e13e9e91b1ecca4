"""Text of one file is found in another wherever it is planted; what all items share by design is left alone."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.dataset import checks, shared_runs
from harness.dataset.findings import Finding
from harness.dataset.item import Item
from harness.dataset.leakage import text_findings
from harness.project import ROOT
from harness.spec import load
from suites.selftest.dataset.made_items import different, item, text

PATH = Path("some.jsonl")
QUICK = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)


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

    def test_the_same_words_around_other_signs_are_another_prompt(self) -> None:
        assert leaks([item(1, "Is <> ok?", "a")], [item(2, "Is [] ok?", "b")]) == []

    def test_the_frame_of_all_prompts_is_not_their_content(self) -> None:
        frame = "Read the notes below and answer in the form that the tutor of this course has taught: "
        train = [item(line, frame + text(line), text(100 + line)) for line in range(1, 21)]
        dev = [item(line, frame + text(200 + line), text(300 + line)) for line in range(1, 21)]
        assert leaks(train, dev) == []
        dev[4] = item(5, frame + text(7), text(305))
        assert [(found.line, found.kind) for found in leaks(train, dev)] == [(5, "run-prompt")]

    NEAR: ClassVar[dict[str, tuple[str, str]]] = {
        "a word changed": (
            "Describe how heavy rain in spring changes the colour of mountain rivers.",
            "Describe how heavy rain in autumn changes the colour of mountain rivers.",
        ),
        "two words changed": (
            "Explain which local birds still nest along the frozen northern shore when long winters end late.",
            "Explain which local birds still nest along the stormy northern shore when long winters begin late.",
        ),
        "a word added to a short one": ("Why do tides rise?", "Why do tides rise twice?"),
        "a word left out": ("Why do spring tides rise so far?", "Why do tides rise so far?"),
        "politeness": ("Why do tides rise?", "Please, could you tell me why the tides rise?"),
        "an article": ("Why tides?", "Why the tides?"),
        "a zero-width space": ("Why do tides rise?", "Why do ti\u200bdes rise?"),
        "a soft hyphen": ("Why do tides rise?", "Why do ti\u00addes rise?"),
        "a byte order mark": ("Why do tides rise?", "\ufeffWhy do tides rise?"),
        "a variation selector": ("Why do tides rise?", "Why do tides\ufe0f rise?"),
        "a word joiner in every word": ("Why do tides rise?", "W\u2060hy d\u2060o t\u2060ides r\u2060ise?"),
        "a control character": ("Why do tides rise?", "Why do t\x00ides rise?"),
        "a zero-width space and a word more": ("Why do tides rise?", "Why do ti\u200bdes rise here?"),
    }

    @pytest.mark.parametrize("case", NEAR)
    @pytest.mark.parametrize("swapped", [False, True])
    def test_a_word_or_two_hide_no_prompt_of_another_split(self, case: str, swapped: bool) -> None:
        one, other = self.NEAR[case][:: -1 if swapped else 1]
        found = leaks([*different(5), item(7, one, "a")], [item(3, other, "b"), item(4, text(70), "c")])
        assert {line.line for line in found} == {3}
        assert {line.kind for line in found} <= {"near-copy", "whole-prompt", "run-prompt"}

    OTHER: ClassVar[dict[str, tuple[str, str]]] = {
        "another country": ("What is the capital of Peru?", "What is the capital of Chile?"),
        "another kind": ("What is a tide?", "What is a spring tide?"),
        "another question word": ("Why is it wet?", "When is it wet?"),
        "another number": ("A car goes 60 km in 2 hours, how fast is it on average, in km an hour?",
                           "A car goes 90 km in 3 hours, how fast is it on average, in km an hour?"),
        "another sign": ("Work out the value of x + 4 where x is the number of seas named above",
                         "Work out the value of x - 4 where x is the number of seas named above"),
        "a negation": ("Is it wise to swim in deep cold water after heavy meals at night?",
                       "Is it not wise to swim in deep cold water after heavy meals at night?"),
        "one topic": ("Explain photosynthesis.", "Explain respiration."),
        "another verb": ("How do rivers form?", "How do rivers end?"),
        "another order": ("Does a dog chase the cat?", "Does a cat chase the dog?"),
        "two words of a short one": ("Name three large rivers.", "Name three old cities."),
        "empty words alone": ("Is it so?", "Was it so?"),
        "Chinese": ("\u6f6e\u6c50\u4e3a\u4ec0\u4e48\u4e0a\u6da8", "\u96e8\u6c34\u4e3a\u4ec0\u4e48\u4e0b\u964d"),
    }  # fmt: skip

    @pytest.mark.parametrize("case", OTHER)
    def test_an_ordinary_question_that_is_another_is_not_accused(self, case: str) -> None:
        one, other = self.OTHER[case]
        assert leaks([item(7, one, "a")], [item(3, other, "b")], 99 if len(one.split()) > 8 else 8) == []

    def test_questions_of_one_kind_are_left_alone_however_many_there_are(self) -> None:
        names = [text(seed, 1) + text(seed + 500, 1) for seed in range(60)]
        ask = "Read the short passage about {} below and name the harbour, the river and the oldest bridge it has"
        train = [item(line, ask.format(name), text(line)) for line, name in enumerate(dict.fromkeys(names[:40]), 1)]
        fresh = [name for name in dict.fromkeys(names[40:]) if name not in names[:40]]
        dev = [item(line, ask.format(name), text(200 + line)) for line, name in enumerate(fresh, 1)]
        assert leaks(train, dev) == []

    def test_the_files_of_the_default_release_accuse_nobody(self) -> None:
        spec = load.load(ROOT / "data" / "v3" / "release.toml")
        for task in spec.tasks.values():
            assert checks.check_task("text_apart", task, checks.options_of(spec)).tally.kept == []

    def test_everyone_who_shares_a_common_run_is_accused(self) -> None:
        train = [item(line, f"{text(line)} {text(7, 9)}", text(100 + line)) for line in range(1, 101)]
        dev = [item(line, text(200 + line) + f" {text(7, 9)}" * (line < 6), text(300 + line)) for line in range(1, 31)]
        assert {found.line for found in leaks(train, dev)} == {1, 2, 3, 4, 5}
        assert {found.line for found in leaks(dev, train)} == set(range(1, 101))

    def test_hashes_that_agree_by_chance_accuse_nobody(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(shared_runs, "_marked", lambda found, side: np.full(len(found), 7, np.uint64))
        assert leaks(different(4), [item(line, text(50 + line), text(80 + line)) for line in range(1, 4)]) == []

    def test_codes_that_agree_by_chance_beside_a_shared_run_do_not_hide_it(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        train = [item(1, text(3), f"{text(1, 9)} {text(2, 9)}")]
        dev = [item(1, text(5), f"{text(4, 9)} {text(2, 9)}")]
        monkeypatch.setattr(shared_runs, "_cut", lambda found: np.full(len(found), 7, np.uint32))
        assert [found.kind for found in leaks(train, dev)] == ["run-answer"]

    def test_both_texts_stand_side_by_side(self) -> None:
        (found,) = leaks([item(1, f"Aha {text(1, 9)} end", "a")], [item(1, f"Oho {text(1, 9)} stop", "b")])
        assert f"here: Oho [[{text(1, 9)}]] stop" in found.problem
        assert f"there: Aha [[{text(1, 9)}]] end" in found.problem
