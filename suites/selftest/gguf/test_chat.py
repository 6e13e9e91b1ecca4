"""``[base.chat]`` in llama.cpp: the file renders by itself what training rendered, and answers end where they must."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fixtures import token_parity
from harness.dataset.item import Item
from harness.engines import chat_template, form
from harness.engines import llama_cpp as llama
from harness.engines.float32 import FORM
from harness.engines.generate import Decoding, answer_all
from harness.engines.llama_compute import Compute
from harness.fidelity.token_ids import differing_items, explain
from harness.gguf import convert, retold
from harness.gguf.toolchain.find import Toolchain
from harness.spec.chat import Chat
from suites.selftest.fidelity.test_llama import items
from suites.tiny import gguf, thinking

SECONDS = 300.0
CHAT = Chat(system="merge", arguments={"enable_thinking": False})
TEMPLATE = thinking.NO_SYSTEM.replace("<|start|>", "<|im_start|>").replace("<|end|>", "<|im_end|>")


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plain")
    gguf.write_base(folder)
    return folder


@pytest.fixture(scope="module")
def chat(plain: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same base with the table written into it."""
    folder = Path(shutil.copytree(plain, tmp_path_factory.mktemp("chat") / "base"))
    chat_template.write(folder, CHAT, TEMPLATE)
    return folder


@pytest.fixture(scope="module")
def runtime(llama_cpp: Toolchain) -> llama.Runtime:
    return llama.Runtime(environment=llama_cpp.environment())


@pytest.fixture(scope="module")
def files(plain: Path, chat: Path, llama_cpp: Toolchain, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """``plain`` and ``chat`` as converted, and ``retold``: the first with the template of the second."""
    place = tmp_path_factory.mktemp("files")
    for name, checkpoint in (("plain", plain), ("chat", chat)):
        (place / name).mkdir()
        convert.to_f16(checkpoint, llama_cpp, {}, place / name, SECONDS)
    (place / "retold").mkdir()
    own = chat_template.named(chat)["default"]
    retold.with_chat_template(place / "plain" / convert.FILE, own, place / "retold" / convert.FILE)
    return {name: place / name / convert.FILE for name in ("plain", "chat", "retold")}


def differing(checkpoint: Path, file: Path, runtime: llama.Runtime, asked: list[Item]) -> list[str]:
    with llama.opened(file, Compute(1), runtime) as loaded:
        return [explain(one) for one in token_parity.readings(asked, checkpoint, checkpoint, loaded) if not one.same]


@pytest.mark.parametrize("name", ["chat", "retold"])
def test_the_files_own_template_has_the_arguments(
    name: str, chat: Path, files: dict[str, Path], runtime: llama.Runtime
) -> None:
    assert differing(chat, files[name], runtime, items()) == []
    with llama.opened(files[name], Compute(1), runtime) as loaded:
        text, _ = loaded.render(items()[0].messages)
    assert text.startswith("<|im_start|>user\nYou know the sea.\n\nTell me of")
    assert text.endswith("<think>\n\n</think>\n\n")


def test_a_file_without_them_is_told_item_by_item(chat: Path, files: dict[str, Path], runtime: llama.Runtime) -> None:
    with llama.opened(files["plain"], Compute(1), runtime) as loaded:
        found = list(token_parity.readings(items(), chat, chat, loaded))
    assert len(differing_items(found)) == len(items())


def test_tools_are_rendered_alike(plain: Path, llama_cpp: Toolchain, runtime: llama.Runtime, tmp_path: Path) -> None:
    listing = "{% for tool in tools or [] %}<|im_start|>{{ tool.function.name }}<|im_end|>\n{% endfor %}"
    changed = Path(shutil.copytree(plain, tmp_path / "base"))
    path = changed / "chat_template.jinja"
    path.write_text(listing + path.read_text(encoding="utf-8"), encoding="utf-8")
    convert.to_f16(changed, llama_cpp, {}, tmp_path, SECONDS)
    tool: dict[str, Any] = {"type": "function", "function": {"name": "tide", "parameters": {}}}
    asked = [replace(item, tools=(tool,)) for item in items()]
    assert differing(changed, tmp_path / convert.FILE, runtime, asked) == []
    with llama.opened(tmp_path / convert.FILE, Compute(1), runtime) as loaded:
        assert loaded.render(asked[0].messages, asked[0].tools)[0].startswith("<|im_start|>tide<|im_end|>")


def test_an_end_that_is_the_templates_and_not_the_tokenizers_is_an_end_of_the_file_too(
    plain: Path, llama_cpp: Toolchain, runtime: llama.Runtime, tmp_path: Path
) -> None:
    changed = Path(shutil.copytree(plain, tmp_path / "base"))
    path = changed / "tokenizer_config.json"
    held = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(held | {"eos_token": "<|endoftext|>"}), encoding="utf-8")
    convert.to_f16(changed, llama_cpp, {}, tmp_path, SECONDS)
    assert differing(changed, tmp_path / convert.FILE, runtime, items()) == []


def test_a_stop_text_ends_an_answer_in_transformers_and_in_llama_cpp(
    plain: Path, files: dict[str, Path], runtime: llama.Runtime
) -> None:
    engine, item = form.load(FORM, plain, 1), items()[0]
    whole = answer_all(engine, [item], Decoding(1, 24))[0]
    text = engine.tokenizer.decode(whole.ids[:9])
    stop = text[-3:]
    wanted = answer_all(engine, [item], Decoding(1, 24, (stop,)))[0]
    assert wanted.stop == "end"
    assert wanted.text == whole.text[: whole.text.index(stop)]
    assert wanted.ids == whole.ids[: len(wanted.ids)]
    with llama.opened(files["plain"], Compute(1), runtime) as loaded:
        found = llama.answer_all(loaded, engine.tokenizer, [item], Decoding(1, 24, (stop,)))[0]
        bare = llama.answer_all(loaded, engine.tokenizer, [item], Decoding(1, 24))[0]
    assert (found.stop, stop in found.text) == ("end", False)
    assert bare.text.startswith(found.text)
    assert len(found.ids) < len(bare.ids)
