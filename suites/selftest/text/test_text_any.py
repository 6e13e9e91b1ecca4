"""Reading a text never fails, whatever it holds, and a text says what it consists of."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from harness.text import normal, number
from harness.text.answer import answer_of, standing
from harness.text.repeated import own_words
from harness.text.wordings import holds, says
from harness.text.words import readings

SCRAPS = st.sampled_from(
    [
        "~~",
        "<s>",
        "</s>",
        "<del>",
        "</del>",
        "<think>",
        "</think>",
        "<|channel|>",
        "<|message|>",
        "final",
        "-5",
        "3 + 4",
        "x > 3",
        "C++",
        ".NET",
        "10 %",
        "1,000",
        "twelve hundred",
        "a",
        "hundred",
        "and",
        "million",
        "三",
        "百",
        "千",
        "万",
        "点",
        "分",
        "之",
        "负",
        "零下",
        "5",
        "km",
        "°",
        "C",
        "$",
        "$5",
        "\\leq",
        "²",
        "½",
        "3 May",
        "2026-05-03",
        "5月3日",
        "between",
        "to",
        "?",
        "\uff1f",
        "not",
        "no",
        "禁止",
        "误以为",
        "\uff0c",
        "。",
        "or",
        "还是",
        "A.",
        "B)",
        "\n",
        " ",
    ]
)
TEXTS = st.one_of(
    st.text(max_size=80), st.lists(SCRAPS, max_size=12).map("".join), st.lists(SCRAPS, max_size=12).map(" ".join)
)


@given(TEXTS, TEXTS)
def test_any_text_is_read_without_an_error(text: str, prompt: str) -> None:
    rest = own_words(standing(answer_of(text)), prompt)
    for words in readings(rest):
        assert len(words.words) == len(words.parted)
    says(rest, prompt, text)


@given(
    st.lists(
        st.sampled_from(["tide", "moon", "five", "5", "km", "twenty", "一", "百", "导", "电", "C++"]),
        min_size=1,
        max_size=5,
    )
)
def test_a_text_holds_itself(words: list[str]) -> None:
    text = " ".join(words)
    assert holds(text, text)


@given(st.text(alphabet="abc 中文。", max_size=30))
def test_a_text_without_marks_is_all_answer(text: str) -> None:
    assert (answer_of(text), standing(text)) == (text, text)


@given(st.text(alphabet="abc ", max_size=20), st.text(alphabet="xyz ", max_size=20))
def test_what_is_thought_is_no_answer(thought: str, answer: str) -> None:
    assert answer_of(f"<think>{thought}</think>{answer}") == answer.strip()
    assert answer_of(f"<think>{thought}") == ""


SIGNS = (
    "aA019k.,:;-\u2212\u2013+#%$\u20ac^/*=<>()[]{}~'\u2019\" \n"
    "\u4e00\u5341\u534a\u4e0d\u7b2c\u70b9C\u00bd\u00b2\u2460\uff15\u3002\u3001\u200b"
)


@given(text=st.text(SIGNS, max_size=12))
@example(text="1:0k/5h")
@example(text=".0A")
def test_numbers_joined_to_anything_are_read(text: str) -> None:
    readings(text)
    normal.tokens(text)
    number.meant(text)
