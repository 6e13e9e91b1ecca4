"""Write ``[base.chat]`` into a checkpoint: its chat template with the release's arguments set, its system turns merged.

What is written into the checkpoint holds wherever a conversation is rendered, by the template alone: in training and
answers, in what is merged, and in the GGUF file that ships, whoever serves it. Every key that names the checkpoint's
digest names the arguments as well.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.spec.chat import GIVEN, MERGE, Chat
from harness.spec.papers import TEMPLATE

_MERGED = """\
{% if messages and messages[0]['role'] == 'system' %}
{% set _said = messages[0]['content'] %}
{% if messages | length == 1 or messages[1]['role'] != 'user' %}
{% set messages = [{'role': 'user', 'content': _said}] + messages[1:] %}
{% else %}
{% set _asked = messages[1]['content'] %}
{% if _asked is string %}
{% set _both = _said + '\\n\\n' + _asked %}
{% else %}
{% set _both = [{'type': 'text', 'text': _said}] + _asked %}
{% endif %}
{% set messages = [{'role': 'user', 'content': _both}] + messages[2:] %}
{% endif %}
{% endif %}
"""
"""Jinja text that is put in front of a template to merge the system turn into the first user turn. Every line is a
block, which `trim_blocks` removes together with its line break."""


def write(folder: Path, chat: Chat, template: str | None) -> None:
    """Change a checkpoint's chat template to what the table asks for; where it asks for nothing, nothing is touched.

    Args:
        template: the text of the template that the table names, or None for the checkpoint's own.
    """
    if not changes(chat):
        return
    own = named(folder) if template is None else {"default": template}
    if not own:
        return  # a base without a template is told by `base.tokenizer_ok`
    for name, text in own.items():
        path = folder / TEMPLATE if name == "default" else folder / "additional_chat_templates" / f"{name}.jinja"
        path.parent.mkdir(exist_ok=True)
        path.write_text(settled(text, chat), encoding="utf-8", newline="\n")
    _forget_in_settings(folder / "tokenizer_config.json")


def changes(chat: Chat) -> bool:
    """Whether the table asks for another template than the base's own."""
    return chat.template is not None or chat.system == MERGE or bool(chat.arguments)


def named(folder: Path) -> dict[str, str]:
    """Name -> text of a checkpoint's chat templates, the first of them ``default``; {} where it has none."""
    from transformers import AutoTokenizer

    found = AutoTokenizer.from_pretrained(folder, local_files_only=True).chat_template
    return dict(found) if isinstance(found, Mapping) else {"default": found} if found else {}


def settled(template: str, chat: Chat) -> str:
    """A template with the arguments set and, if asked for, the system turn merged."""
    return _in_front(chat) + template


def own_text(template: str, chat: Chat) -> str:
    """The template that `settled` was given, recovered from its result."""
    return template.removeprefix(_in_front(chat))


def _in_front(chat: Chat) -> str:
    """Jinja text that sets the table's arguments, put in front of a template. Each line is a block whose line break
    `trim_blocks` removes (as transformers, vLLM and llama.cpp set it), so the template still begins a line."""
    arguments = "".join(f"{{% set {name} = {literal(value)} %}}\n" for name, value in sorted(chat.arguments.items()))
    return arguments + (_MERGED if chat.system == MERGE else "")


def literal(value: Any) -> str:
    """A JSON-like value as Jinja writes it."""
    if value is None:
        return "none"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{literal(str(key))}: {literal(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(literal, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def variables(template: str) -> set[str]:
    """Names of the variables that a template may read. An argument of another name would have no effect.

    Raises:
        jinja2.TemplateSyntaxError: it is no template.
    """
    from jinja2 import meta

    return set(meta.find_undeclared_variables(_parsed(template)))


def unset(folder: Path, chat: Chat) -> set[str]:
    """Variables that a checkpoint's chat template reads and that neither a renderer nor the table sets.

    Args:
        chat: the table that was written into the checkpoint.
    """
    found: set[str] = set()
    for text in named(folder).values():
        own = own_text(text, chat)
        found |= variables(own) - (_assigned(own) - _asked_for(own))
    return found - GIVEN - set(chat.arguments)


def _assigned(template: str) -> set[str]:
    """Names that a template assigns itself: Jinja counts those assigned in a branch among the variables that it may
    read."""
    from jinja2 import nodes

    return {one.name for one in _parsed(template).find_all(nodes.Name) if one.ctx == "store"}


def _asked_for(template: str) -> set[str]:
    """Names that a template tests with ``is defined``."""
    from jinja2 import nodes

    tests = (one for one in _parsed(template).find_all(nodes.Test) if one.name in ("defined", "undefined"))
    return {one.node.name for one in tests if isinstance(one.node, nodes.Name)}


def _parsed(template: str) -> Any:
    """The template as transformers reads it, its own tags included."""
    from transformers.utils import chat_template_utils

    compiled: Any = chat_template_utils._compile_jinja_template(template)
    return compiled.environment.parse(template)


def _forget_in_settings(path: Path) -> None:
    """Remove the template from the tokenizer's settings, so that it stands in one file: of two that differ, some
    libraries would read one and some the other."""
    if not path.is_file():
        return
    settings = json.loads(path.read_text(encoding="utf-8"))
    if settings.pop("chat_template", None) is not None:
        path.write_text(json.dumps(settings, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
