"""``[base.chat]`` stands in the base's own chat template, wherever that goes: nobody who renders has to be told."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fixtures import builds
from harness.dataset import tokens
from harness.engines import chat_template
from harness.errors import SpecError
from harness.gguf import read_back, retold
from harness.gguf.toolchain import prove
from harness.releases import serving
from harness.spec import load
from harness.spec.chat import Chat
from harness.store import digests
from harness.store.store import Store
from suites.tiny import thinking
from suites.tiny.child import Line

OFF = Chat(arguments={"enable_thinking": False})
SYSTEM, USER = {"role": "system", "content": "Be brief."}, {"role": "user", "content": "When is high tide?"}
JSON_LIKE = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.floats(-1e6, 1e6) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@pytest.fixture
def base(line: Line, tmp_path: Path) -> Path:
    return Path(shutil.copytree(line.spec.parent / "base", tmp_path / "base"))


@pytest.fixture(scope="module")
def tokenizer(line: Line) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(line.spec.parent / "base")


def reading(folder: Path) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(folder)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    values=st.dictionaries(st.sampled_from(["alpha", "beta", "gamma"]), JSON_LIKE),
    start=st.sampled_from(["", "\n", "  ", "\n  {% if 1 %}x{% endif %}"]),
)
def test_an_argument_in_the_template_is_what_it_is_as_an_argument(
    values: dict[str, Any], start: str, tokenizer: Any
) -> None:
    shown = "".join(
        f"[{{{{ {name} | tojson if {name} is defined else 'unset' }}}}]" for name in ("alpha", "beta", "gamma")
    )
    template = f"{start}{{{{ messages[0].content }}}}{shown}"
    given_by_name = tokenizer.apply_chat_template([USER], chat_template=template, tokenize=False, **values)
    written = chat_template.settled(template, Chat(arguments=values))
    assert tokenizer.apply_chat_template([USER], chat_template=written, tokenize=False) == given_by_name
    assert chat_template.own_text(written, Chat(arguments=values)) == template


def test_thinking_turned_off_is_turned_off_wherever_the_checkpoints_tokenizer_goes(base: Path, tmp_path: Path) -> None:
    chat_template.write(base, OFF, thinking.TEMPLATE)
    plain = "<|start|>user\nWhen is high tide?<|end|>\n<|start|>assistant\n"
    for folder in (base, tmp_path / "saved"):
        found = reading(folder)
        assert tokens.prompt_text(found, [USER]) == f"{plain}<think>\n\n</think>\n\n"
        found.save_pretrained(tmp_path / "saved")  # as a merged or de-quantized checkpoint is given it
    assert tokens.prompt_text(reading(base), [USER]) == tokens.prompt_text(reading(tmp_path / "saved"), [USER])


@pytest.mark.parametrize(
    ("turns", "merged"),
    [
        ([SYSTEM, USER], [{"role": "user", "content": "Be brief.\n\nWhen is high tide?"}]),
        ([USER], [USER]),
        ([SYSTEM], [{"role": "user", "content": "Be brief."}]),
        ([SYSTEM, {"role": "assistant", "content": "Yes?"}, USER], None),
        ([SYSTEM, USER, {"role": "assistant", "content": "At noon."}, USER], None),
        ([SYSTEM, {"role": "user", "content": [{"type": "text", "text": "When?"}]}], None),
    ],
)
def test_a_merged_system_turn_is_in_front_of_the_user_turn(
    turns: list[dict[str, Any]], merged: list[dict[str, Any]] | None, tokenizer: Any
) -> None:
    listing = "{% for turn in messages %}{{ turn.role }}={{ turn.content }};{% endfor %}"
    template = chat_template.settled(listing, Chat(system="merge"))
    said = tokenizer.apply_chat_template(turns, chat_template=template, tokenize=False)
    assert "system=" not in said
    assert "Be brief." in said or turns == [USER]
    if merged is not None:
        assert said == tokenizer.apply_chat_template(merged, chat_template=listing, tokenize=False)


def test_without_a_table_not_a_byte_of_the_checkpoint_changes(base: Path) -> None:
    before = digests.of_folder(base)
    chat_template.write(base, Chat(stop=("###",)), None)
    assert digests.of_folder(base) == before


def test_the_template_is_left_in_one_place(base: Path) -> None:
    settings = base / "tokenizer_config.json"
    held = json.loads(settings.read_text(encoding="utf-8"))
    (base / "chat_template.jinja").unlink(missing_ok=True)
    settings.write_text(json.dumps(held | {"chat_template": thinking.TEMPLATE}), encoding="utf-8")
    chat_template.write(base, OFF, None)
    assert "chat_template" not in json.loads(settings.read_text(encoding="utf-8"))
    assert (base / "chat_template.jinja").read_text(encoding="utf-8").endswith(thinking.TEMPLATE)


def test_every_named_template_is_given_the_arguments(base: Path) -> None:
    (base / "additional_chat_templates").mkdir()
    (base / "additional_chat_templates" / "tool_use.jinja").write_text(thinking.TEMPLATE, encoding="utf-8")
    chat_template.write(base, OFF, None)
    assert {text.partition("\n")[0] for text in chat_template.named(base).values()} == {
        "{% set enable_thinking = false %}"
    }


def test_what_a_template_reads_is_known_and_what_a_renderer_gives_is_not_counted(base: Path) -> None:
    chat_template.write(base, Chat(), None)
    (base / "chat_template.jinja").write_text(thinking.TEMPLATE, encoding="utf-8")
    assert chat_template.unset(base, Chat()) == {"enable_thinking"}
    chat_template.write(base, OFF, None)
    assert chat_template.unset(base, OFF) == set()


CHAT = {
    "": {},
    "enable_thinking = false": {"enable_thinking": False},
    'depth = { of = ["a", 1] }': {"depth": {"of": ["a", 1]}},
}


@pytest.mark.parametrize("written", CHAT)
def test_the_table_is_read_and_the_key_of_the_base_names_it(written: str, line: Line, tmp_path: Path) -> None:
    copied = line.copy(tmp_path / "line")
    before = builds.base(load.load(copied.spec)).key.digest
    copied.edit("[tasks.sea]", f"[base.chat]\n{written}\n\n[tasks.sea]")
    loaded = load.load(copied.spec)
    assert loaded.base.chat == Chat(arguments=CHAT[written])
    assert (builds.base(loaded).key.digest == before) == (written == "")


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ('messages = "x"', "is given to a template"),
        ("add_generation_prompt = false", "is given to a template"),
        ('template = "absent.jinja"', "does not exist"),
        ('system = "drop"', "'drop' is not one of"),
        ('stop = ""', "is not of type 'array'"),
        ('stop = [""]', "base.chat.stop"),
        ('"a-b" = 1', "no name of a template's variable"),
        ("if = 1", "is given to a template"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused_with_its_key(
    written: str, told: str, line: Line, tmp_path: Path
) -> None:
    copied = line.copy(tmp_path / "line")
    copied.edit("[tasks.sea]", f"[base.chat]\n{written}\n\n[tasks.sea]")
    with pytest.raises(SpecError, match=r"base\.chat") as caught:
        load.load(copied.spec)
    assert told in str(caught.value)


def test_a_given_template_is_held_to_what_the_run_opened(line: Line, tmp_path: Path) -> None:
    copied = line.copy(tmp_path / "line")
    (copied.spec.parent / "own.jinja").write_bytes(thinking.TEMPLATE.encode())
    copied.edit("[tasks.sea]", '[base.chat]\ntemplate = "own.jinja"\nenable_thinking = false\n\n[tasks.sea]')
    loaded = load.load(copied.spec)
    made = Store(tmp_path / "store").fetch_all([builds.base(loaded)])[0]
    assert chat_template.named(made.path) == {"default": chat_template.settled(thinking.TEMPLATE, OFF)}
    other = replace(loaded, opened={str(loaded.base.chat.template): "0" * 64})
    with pytest.raises(SpecError, match="changed while the run was under way"):
        builds.base(other)


def test_a_gguf_file_is_given_the_template_and_keeps_every_tensor(tmp_path: Path) -> None:
    file = tmp_path / "model.gguf"
    prove.write(file)
    retold.with_chat_template(file, "{{ messages }}", tmp_path / "other.gguf")
    before, after = read_back.read(file), read_back.read(tmp_path / "other.gguf")
    assert after[0].chat_template == "{{ messages }}"
    assert (after[0].special, after[1].types) == (before[0].special, before[1].types)


def test_the_bundle_says_how_to_ask_it_and_nothing_where_nothing_is_to_be_said() -> None:
    chat = Chat(Path("own.jinja"), "merge", ("###",), {"enable_thinking": False})
    found = serving.records(chat, "the template")
    assert found["chat_template.jinja"] == "the template"
    for told in ('{"enable_thinking": false}', "own.jinja", '["###"]', "user turn"):
        assert told in found["SERVING.md"]
    assert serving.records(Chat(), "the template") == {}
