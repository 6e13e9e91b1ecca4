"""What makes a base unaskable is told with its mend, and the mend mends it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.dataset import tokens
from harness.engines import base_tokenizer, chat_template
from harness.spec.chat import Chat
from suites.tiny import line as tiny
from suites.tiny import thinking
from suites.tiny.child import Line

Edit = Callable[[Path], None]
ORDERS = (("system", "user"), ("user",))


@pytest.fixture
def base(line: Line, tmp_path: Path) -> Path:
    return Path(shutil.copytree(line.spec.parent / "base", tmp_path / "base"))


def settings(**changes: object) -> Edit:
    """Change keys of the tokenizer's configuration; None removes one."""

    def edit(folder: Path) -> None:
        path = folder / "tokenizer_config.json"
        held: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        kept = {key: value for key, value in (held | changes).items() if value is not None}
        path.write_text(json.dumps(kept), encoding="utf-8")

    return edit


def template(text: str | None) -> Edit:
    def edit(folder: Path) -> None:
        settings(chat_template=None)(folder)
        (folder / "chat_template.jinja").unlink(missing_ok=True)
        if text is not None:
            (folder / "chat_template.jinja").write_text(text, encoding="utf-8")

    return edit


def no_end(folder: Path) -> None:
    """Remove the end token from tokenizer and ``generation_config``; the template still writes ``<|end|>``."""
    settings(eos_token=None)(folder)
    for name in ("generation_config.json", "config.json"):
        path = folder / name
        held = json.loads(path.read_text(encoding="utf-8"))
        held.pop("eos_token_id", None)
        path.write_text(json.dumps(held), encoding="utf-8")


def pad_beyond(folder: Path) -> None:
    """Add a pad token without an embedding."""
    path = folder / "tokenizer.json"
    held = json.loads(path.read_text(encoding="utf-8"))
    size = json.loads((folder / "config.json").read_text(encoding="utf-8"))["vocab_size"]
    held["added_tokens"].append(held["added_tokens"][0] | {"id": size, "content": "[PAD]"})
    path.write_text(json.dumps(held), encoding="utf-8")
    settings(pad_token="[PAD]", added_tokens_decoder=None)(folder)


def problems(folder: Path, chat: Chat | None = None) -> list[str]:
    return base_tokenizer.problems(folder, chat or Chat(), ORDERS)


def test_a_sound_base_has_none(base: Path) -> None:
    assert problems(base) == []


def test_a_base_without_a_pad_token_is_padded_with_an_end_token(base: Path) -> None:
    from transformers import AutoTokenizer

    settings(pad_token=None)(base)
    tokenizer = AutoTokenizer.from_pretrained(base)
    assert tokenizer.pad_token_id is None
    assert problems(base) == []
    assert tokens.pad_id(tokenizer) == tokenizer.convert_tokens_to_ids("<|end|>")


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (template(None), r'no chat template; give one in the spec: \[base\.chat\] template = "file\.jinja"'),
        (template("{% for"), "cannot be read"),
        (template(thinking.NO_SYSTEM), r'refuses .*System role not supported.*system = "merge"'),
        (template("{% for t in messages if t.role != 'system' %}<|start|>{{ t.content }}<|end|>{% endfor %}"), "merge"),
        (template("{{ raise_exception('never') }}"), "refuses them .*where turns come as (system, )?user"),
        (template("{% for t in messages %}{{ t.nothing.at.all }}{% endfor %}"), "refuses them"),
        (no_end, r'ends a turn with <\|end\|>.*stop = \["<\|end\|>"\]'),
        (lambda folder: (no_end(folder), template("{{ messages }}")(folder)), "no end token, and its chat template"),
        (pad_beyond, r"pad token \[PAD\] has the id \d+, and the model knows \d+ tokens"),
        (lambda folder: (folder / "tokenizer.json").write_text("{}"), "its tokenizer cannot be loaded"),
    ],
)
def test_each_way_to_be_unaskable_is_told_with_its_mend(spoil: Edit, told: str, base: Path) -> None:
    import re

    spoil(base)
    found = problems(base)
    assert found
    assert re.search(told, "\n".join(found)), found


@pytest.mark.parametrize(
    ("spoil", "chat", "given"),
    [
        (template(None), Chat(template=Path("file.jinja")), tiny.CHAT_TEMPLATE),
        (template(thinking.NO_SYSTEM), Chat(system="merge"), None),
        (no_end, Chat(stop=("<|end|>",)), None),
    ],
)
def test_each_mend_that_the_spec_has_mends_it(spoil: Edit, chat: Chat, given: str | None, base: Path) -> None:
    spoil(base)
    assert problems(base)
    chat_template.write(base, chat, given)
    assert problems(base, chat) == []


def test_an_argument_that_the_template_does_not_read_is_told_with_the_nearest_that_it_does(base: Path) -> None:
    template(thinking.TEMPLATE)(base)
    chat = Chat(arguments={"enable_thinkng": False})
    chat_template.write(base, chat, None)
    (told,) = problems(base, chat)
    assert "'enable_thinkng'" in told
    assert "did you mean 'enable_thinking'?" in told


def test_an_end_that_generation_config_names_is_known(base: Path) -> None:
    settings(eos_token="<|pad|>")(base)
    assert problems(base) == []  # the configuration still names the template's end


def test_a_mistyped_key_of_the_table_is_told_as_one(base: Path) -> None:
    chat = Chat(arguments={"sytem": "merge"})
    chat_template.write(base, chat, None)
    (told,) = problems(base, chat)
    assert "did you mean 'system'?" in told


def test_turns_of_tools_are_not_judged_by_a_harmless_word(base: Path) -> None:
    template("{% for t in messages %}{{ t.tool_call_id if t.role == 'tool' else t.content }}<|end|>{% endfor %}")(base)
    assert base_tokenizer.problems(base, Chat(), [("user", "assistant", "tool")]) == []
