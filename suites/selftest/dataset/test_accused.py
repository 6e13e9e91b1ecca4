"""The data checks accuse the guilty and spare the innocent, in small data sets of real kinds."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from harness.dataset import parts
from harness.dataset.characters import defects
from harness.dataset.findings import Finding
from harness.dataset.leakage import text_findings
from harness.dataset.secrets import secrets_in
from suites.selftest.accused import page
from suites.selftest.accused.case import Case, found_in
from suites.selftest.accused.corpus import CASES
from suites.selftest.dataset.made_items import item, text


@pytest.fixture(scope="module")
def now() -> Mapping[str, page.Judged]:
    return {case.name: page.judged(case) for case in CASES}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_guilty_are_accused_and_nobody_else(case: Case, tmp_path: Path) -> None:
    assert found_in(case, tmp_path) == case.guilty


def test_the_page_holds_the_shares_before_and_now(now: Mapping[str, page.Judged]) -> None:
    written = page.render(now)
    print(written)
    assert page.PAGE.read_text(encoding="utf-8") == written, "python -m suites.selftest.accused.page"


def test_every_data_set_has_its_name_and_its_figures_before() -> None:
    assert len({case.name for case in CASES}) == len(CASES) >= 30
    assert page.before().keys() == {case.name for case in CASES}


class TestAskApart:
    PASSAGE = "The harbour was dug by hand. It took seventeen years. Farmers were paid in salt."

    @pytest.mark.parametrize(
        ("one", "other", "apart"),
        [
            (f"{PASSAGE}\nWho dug it?", f"{PASSAGE}\nHow long did it take?", True),
            (f"{PASSAGE}\nWho dug it?", f"{PASSAGE}\nWho dug it?", False),
            (f"{PASSAGE}\nWho dug it?", f"{PASSAGE}\nPlease, who dug it?", False),
            (PASSAGE, PASSAGE.replace("seventeen", "sixteen"), False),
            (f"{PASSAGE} It rained.", PASSAGE, False),
            ("Add up:\n21 + 31", "Add up:\n21 + 32", True),
            ("who dug it", "how long did it take", False),
            (
                "\u8bf7\u5206\u7c7b\u3002\u4eca\u5929\u771f\u597d",
                "\u8bf7\u5206\u7c7b\u3002\u8001\u677f\u5f88\u51f6",
                True,
            ),
        ],
    )
    def test_what_stands_in_one_text_alone_decides(self, one: str, other: str, apart: bool) -> None:
        assert parts.ask_apart(one, other) is apart
        assert parts.ask_apart(other, one) is apart


class TestAskedInside:
    @staticmethod
    def leaks(trained: str, asked: str, answer: str = "a") -> list[Finding]:
        train, dev = [item(1, trained, answer), item(2, text(2), "c")], [item(3, asked, "b"), item(4, text(4), "d")]
        return list(text_findings({"train": (Path("a"), train), "dev": (Path("b"), dev)}))

    @pytest.mark.parametrize("asked", ["Why do tides rise?", "What is a tide?", "Name two large rivers."])
    def test_a_sentence_of_a_longer_text_is_found_in_prompt_and_answer(self, asked: str) -> None:
        for found in (
            self.leaks(f"I live by the sea and see its birds daily. {asked} My son wants to know.", asked),
            self.leaks("Make a quiz.", asked, f'"{asked}" is one.'),
        ):
            assert [(one.line, one.kind) for one in found] == [(3, "asked-inside")]

    def test_a_longer_prompt_of_the_later_file_is_accused_too(self) -> None:
        (found,) = self.leaks("Why do tides rise?", "I live by the sea. Why do tides rise? Tell me.")
        assert (found.line, found.kind) == (3, "asked-inside")

    @pytest.mark.parametrize(
        ("trained", "asked"),
        [
            ("She asked what is a tide pool made of rock and salt.", "What is a tide?"),
            ("It arrived early. Works as described. We are happy.", "Works as described."),
            ("How are you? I am fine. Tell me a joke.", "How are you?"),
            ("I love the sea and the wind and the gulls.", "the sea"),
        ],
    )
    def test_words_that_ask_nothing_or_stand_in_a_longer_sentence_are_no_question(
        self, trained: str, asked: str
    ) -> None:
        assert self.leaks(trained, asked) == []


class TestNumbersOfPeople:
    @pytest.mark.parametrize(
        ("said", "kind"),
        [
            ("Tel. 030 23125 999", ""),
            ("Call 0171 39200 55 or so", ""),
            ("Phone: 020 7183 8750", "phone-number"),
            ("the factor 020 7183 8750 in it", ""),
            ("1-800-273-8255", ""),
            ("CPF 529.982.247-25", "identity-number"),
            ("CPF 529.982.247-26", ""),
            ("DNI 54362315K", "identity-number"),
            ("part 54362315K of it", ""),
            ("card 6212 3456 7890 1232", "card-number"),
        ],
    )
    def test_form_check_digit_and_context_decide(self, said: str, kind: str) -> None:
        found = [one for one, _, _ in secrets_in(said)]
        assert found == ([kind] if kind else [])


@pytest.mark.parametrize(
    ("said", "kinds"),
    [
        ("a\u200bb", ["invisible"]),
        ("caf\u00c3\u00a9 \u202enimda", ["direction", "mojibake"]),
        ("\ufffd\ufffd", ["lost-characters"]),
        ("\U0001f469\u200d\U0001f4bb and \u2764\ufe0f", []),
    ],
)
def test_each_kind_of_sign_is_told_once_a_text(said: str, kinds: list[str]) -> None:
    assert [kind for kind, _, _ in defects(f"x {said} y {said}")] == kinds
