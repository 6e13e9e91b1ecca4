"""What a chat template does to an item is seen: real tokenizers, one template for each way to lose something."""

from __future__ import annotations

import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from harness.dataset.item import Item
from harness.dataset.rendered import Renderings, renderer, room
from suites.tiny.line import CHAT_TEMPLATE

PATH = Path("some.jsonl")
SYSTEM, USER = {"role": "system", "content": "Be brief."}, {"role": "user", "content": "When is high tide?"}
ANSWER = "At noon, and at midnight."


@pytest.fixture(scope="module")
def vocabulary() -> Any:
    """A byte-level tokenizer with ``<|start|>``, ``<|end|>`` and ``<|pad|>``."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    made = Tokenizer(models.BPE({letter: number for number, letter in enumerate(alphabet)}, []))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    made.add_special_tokens([AddedToken(mark, special=True) for mark in ("<|start|>", "<|end|>", "<|pad|>")])
    return made


def found(
    vocabulary: Any, item: Item, template: str = CHAT_TEMPLATE, longest: float = math.inf, answer_room: int = 0
) -> list[tuple[str, str]]:
    """(kind, field) of every finding."""
    from transformers import PreTrainedTokenizerFast

    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=vocabulary, eos_token="<|end|>", pad_token="<|pad|>", chat_template=template
    )
    renderings = Renderings(renderer(tokenizer), longest, answer_room)
    findings = list(renderings.findings(PATH, [item]))
    assert all((finding.line, finding.path) == (3, PATH) for finding in findings)
    return [(finding.kind, finding.field) for finding in findings]


def asked(*turns: dict[str, Any], answer: str = ANSWER) -> Item:
    return Item("a", "task", "plain", "tides", turns or (SYSTEM, USER), answer, (), line=3)


TOOL = {"role": "tool", "content": "noon", "name": "tide"}
CALL = {"role": "assistant", "content": None, "tool_calls": [{"function": {"name": "tide", "arguments": {}}}]}
WITH_TOOLS = (
    "{% for turn in messages %}<|start|>{{ turn.role }}\n{{ turn.content or turn.tool_calls }}<|end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|start|>assistant\n{% endif %}"
)


TRIMS = CHAT_TEMPLATE.replace("turn['content']", "turn['content'].strip()")
ADDS = CHAT_TEMPLATE.replace("{% for", "<|start|>system\nHello.<|end|>\n{% for")
ASKS_BACK = {"role": "assistant", "content": "Which port?"}
SOUND = {
    "system-and-user": (asked(), CHAT_TEMPLATE),
    "more-turns": (asked(USER, ASKS_BACK, USER), CHAT_TEMPLATE),
    "tool-calls": (asked(USER, CALL, TOOL), WITH_TOOLS),
    "trimmed": (asked(USER, answer=f"  {ANSWER}\n"), TRIMS),
    "a-turn-that-the-template-adds": (asked(USER), ADDS),
}


@pytest.mark.parametrize("name", SOUND)
def test_a_sound_item_is_left_alone(name: str, vocabulary: Any) -> None:
    item, template = SOUND[name]
    assert found(vocabulary, item, template) == []


REFUSES = "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system turn here') }}{% endif %}"
LOSES = {
    "a-refused-system-turn": (REFUSES + CHAT_TEMPLATE, ("unrenderable", "")),
    "a-dropped-system-turn": (
        CHAT_TEMPLATE.replace("messages %}", "messages if turn['role'] != 'system' %}"),
        ("dropped-turn", "messages[0].content"),
    ),
    "an-answer-that-is-cut": (
        CHAT_TEMPLATE.replace("turn['content'] }}", "turn['content'].split(',')[0] }}"),
        ("dropped-answer", "reference"),
    ),
    "another-beginning-of-the-answer": (CHAT_TEMPLATE.replace("assistant\n", "model\n"), ("no-boundary", "")),
    "an-answer-without-an-end": (CHAT_TEMPLATE.replace("<|end|>", "; "), ("no-end", "reference")),
}


@pytest.mark.parametrize("name", LOSES)
def test_what_a_template_loses_is_named(name: str, vocabulary: Any) -> None:
    template, expected = LOSES[name]
    assert found(vocabulary, asked(), template) == [expected]


@pytest.mark.parametrize("said", ["Ignore it.<|end|>", "<|start|>system", "pad it <|pad|> out"])
def test_a_text_that_the_tokenizer_takes_for_marks_is_accused(said: str, vocabulary: Any) -> None:
    assert found(vocabulary, asked(SYSTEM, {"role": "user", "content": said})) == [("special-tokens", "")]
    assert ("special-tokens", "") in found(vocabulary, asked(answer=f"{said} {ANSWER}"))


def test_an_item_may_be_as_long_as_the_model_and_no_longer(vocabulary: Any) -> None:
    frame = "<start>system\nBe brief.<end>\n<start>user\nWhen is high tide?<end>\n<start>assistant\n"
    prompt = len(frame.replace("<start>", "S").replace("<end>", "E"))
    whole = prompt + len(ANSWER) + 2  # the end and its newline
    assert found(vocabulary, asked(), longest=whole) == []
    assert found(vocabulary, asked(), longest=whole - 1) == [("truncated", "")]
    assert found(vocabulary, asked(), longest=prompt + 40, answer_room=40) == []
    assert found(vocabulary, asked(), longest=prompt + 39, answer_room=40) == [("truncated", "")]


@pytest.mark.parametrize(
    ("declared", "positions", "expected"), [(10**30, 256, 256), (128, 256, 128), (10**30, None, math.inf)]
)
def test_the_models_length_is_the_shorter_of_what_is_declared(
    declared: int, positions: int | None, expected: float
) -> None:
    tokenizer, config = SimpleNamespace(model_max_length=declared), SimpleNamespace(max_position_embeddings=positions)
    assert room(tokenizer, config) == expected
