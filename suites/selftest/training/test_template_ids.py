"""What training shows is held to the chat template's own rendering, token for token."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.dataset import template_ids, tokens
from harness.dataset.check import BaseText
from harness.dataset.files import options_of
from harness.dataset.item import Item
from harness.dataset.tokenized import check_tokenized
from harness.engines import chat_template
from harness.errors import SpecError
from harness.gates import expected
from harness.spec import load
from harness.spec.chat import Chat
from suites.tiny import line as tiny
from suites.tiny import thinking
from suites.tiny.child import Line

OFF = Chat(arguments={"enable_thinking": False})


@pytest.fixture
def tokenizer(line: Line) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(line.spec.parent / "base")


def checked(line: Line, tokenizer: Any, template: str) -> Any:
    tokenizer.chat_template = template
    spec = load.load(line.spec)
    base = BaseText(tokenizer, None, 128)
    return check_tokenized(template_ids.CHECK, spec.tasks["sea"], "train", base, options_of(spec))


def test_of_a_plain_template_every_item_is_its_own(line: Line, tokenizer: Any) -> None:
    found = checked(line, tokenizer, tiny.CHAT_TEMPLATE)
    assert (found.share, found.note) == (1.0, "16 of 16 items are trained as the chat template writes them")


def test_of_a_thinking_template_none_is_until_thinking_is_turned_off(line: Line, tokenizer: Any) -> None:
    found = checked(line, tokenizer, thinking.TEMPLATE)
    assert (found.share, found.records) == (0.0, 16)
    assert found.note == "0 of 16 items are trained as the chat template writes them"
    assert "reads enable_thinking: set" in template_ids.mend(["enable_thinking"])
    assert "<think>" in found.tally.kept[0].problem
    assert checked(line, tokenizer, chat_template.settled(thinking.TEMPLATE, OFF)).share == 1.0
    on = Chat(arguments={"enable_thinking": True})
    assert checked(line, tokenizer, chat_template.settled(thinking.TEMPLATE, on)).share == 0.0


def compared(tokenizer: Any, template: str, answer: str = "At noon.") -> template_ids.Difference | None:
    tokenizer.chat_template = template
    turns = ({"role": "user", "content": "When is high tide?"},)
    return template_ids.comparer(tokenizer)(Item("a", "task", "plain", "tides", turns, answer, (), line=3))


PLAIN = tiny.CHAT_TEMPLATE


@pytest.mark.parametrize(
    ("template", "answer", "same"),
    [
        (PLAIN, "At noon.", True),
        (PLAIN.replace("<|end|>\n{% endfor %}", "<|end|>{% endfor %}"), "At noon.", True),
        (PLAIN.replace("{% endif %}", "{% else %}<|pad|>{% endif %}"), "At noon.", True),  # as Phi's does
        (PLAIN.replace("{{ turn['content'] }}", "{{ turn['content'].strip() }}"), "At noon.", True),
        (PLAIN.replace("{{ turn['content'] }}", "{{ turn['content'].strip() }}"), "At noon. ", False),
        (PLAIN.replace("{{ turn['content'] }}", "{{ turn['content'] }} "), "At noon.", False),
        (PLAIN.replace("<|end|>\n{% endfor %}", "<|end|>\nBye.{% endfor %}"), "At noon.", False),
        (PLAIN.replace("<|end|>\n{% endfor %}", "\n{% endfor %}"), "At noon.", False),
        (PLAIN.replace("assistant\n{% endif %}", "model\n{% endif %}"), "At noon.", False),
    ],
)
def test_each_way_to_part_from_the_template_is_a_difference(
    template: str, answer: str, same: bool, tokenizer: Any
) -> None:
    assert (compared(tokenizer, template, answer) is None) == same


def test_an_answer_is_taught_to_end_as_the_template_ends_it_and_not_with_another_end_token(tokenizer: Any) -> None:
    """Gemma's tokenizer ends with ``<eos>``, its template with ``<end_of_turn>``."""
    tokenizer.eos_token = "<|pad|>"
    tokenizer.chat_template = PLAIN
    end = tokenizer.convert_tokens_to_ids("<|end|>")
    assert tokens.end_id(tokenizer) == end
    assert tokens.completion_ids(tokenizer, "At noon.")[-1] == end
    assert compared(tokenizer, PLAIN) is None


def test_a_template_that_refuses_an_item_is_a_finding(line: Line, tokenizer: Any) -> None:
    found = checked(line, tokenizer, thinking.NO_SYSTEM)
    assert found.share == 0.0
    assert "System role not supported" in found.tally.kept[0].problem


def test_a_spec_cannot_allow_it_away(line: Line, tmp_path: Path) -> None:
    copied = line.copy(tmp_path / "line")
    copied.edit("[gates.data]", f'[gates.data]\nallow = ["{template_ids.KIND}"]')
    with pytest.raises(SpecError, match=r"gates\.data\.allow"):
        expected(load.load(copied.spec))


def test_the_default_release_trains_every_item_as_its_base_is_asked() -> None:
    from transformers import AutoTokenizer

    from harness.engines import base_model
    from harness.project import ROOT

    spec = load.load(ROOT / "data" / "v3" / "release.toml")
    file = base_model.locate(spec)
    tokenizer = AutoTokenizer.from_pretrained(file.parent, gguf_file=file.name)
    base, options = BaseText(tokenizer, None, 512), options_of(spec)
    found = [check_tokenized(template_ids.CHECK, task, "train", base, options) for task in spec.tasks.values()]
    assert [(one.records, one.share) for one in found] == [(35, 1.0), (24, 1.0)]
