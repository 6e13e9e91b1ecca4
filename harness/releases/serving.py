"""The serving notes of a bundle: how the base must be asked, where its own template alone is not enough."""

from __future__ import annotations

import json
from collections.abc import Iterator

from harness.spec.chat import MERGE, Chat
from harness.spec.papers import SERVING, TEMPLATE


def records(chat: Chat, template: str) -> dict[str, str]:
    """File name -> text of the notes on ``[base.chat]`` in a bundle: the notes, and the template that was judged.

    Args:
        template: the chat template as everything was rendered with it, the release's arguments in it.
    """
    if chat.absent:
        return {}
    return {SERVING: "\n".join(_lines(chat)) + "\n", TEMPLATE: template}


def _lines(chat: Chat) -> Iterator[str]:
    arguments = json.dumps(dict(sorted(chat.arguments.items())), ensure_ascii=False)
    yield "# How this release must be asked"
    yield ""
    yield f"Training and every judged answer were rendered by `{TEMPLATE}`. It needs no arguments: it sets them itself."
    yield ""
    yield f"- transformers: `tokenizer.chat_template = open({TEMPLATE!r}).read()`"
    yield f"- vLLM: `--chat-template {TEMPLATE}`"
    yield f"- llama.cpp: files of this release have it inside; others take `--jinja --chat-template-file {TEMPLATE}`"
    yield ""
    if chat.template is not None:
        yield f"The base's own chat template is replaced: it came with the release as `{chat.template.name}`."
    if chat.arguments:
        whose = "the base's own template" if chat.template is None else f"`{chat.template.name}`"
        yield f"Through {whose} instead, the arguments are `{arguments}` (vLLM: `chat_template_kwargs` of a request)."
    if chat.system == MERGE:
        yield "The system turn is written into the user turn behind it, two line breaks between them."
    if chat.stop:
        told = json.dumps(list(chat.stop), ensure_ascii=False)
        yield f"An answer ends at its end token, or before the first of these texts (`stop`): `{told}`."
