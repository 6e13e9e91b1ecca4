"""The base as an artifact: a plain checkpoint with its chat template, asked of the store before its source is found.

The key is known from the spec alone, so a finished release needs its base's folder, package or hub no more.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from harness.engines import base_model, chat_template, checkpoint
from harness.errors import SpecError
from harness.spec.objects import Spec
from harness.store import digests
from harness.store.artifact import Key, Request


def request(spec: Spec) -> Request:
    """The base as a plain checkpoint.

    Building it raises SpecError where the source is absent or not what the spec pins.

    Raises:
        SpecError: the chat template that the spec names is not the one that the run opened with, or no text.
    """
    source = spec.base.source
    inputs: dict[str, object] = {
        "source": source if base_model.is_of_hub(spec.base) else source.rpartition("/")[2],
        "pin": spec.base.pin,
        "code": digests.of_code("harness.engines.checkpoint", "harness.engines.chat_template"),
        "versions": dict(digests.of_versions(("transformers", "gguf"))),
    }
    chat = spec.base.chat
    template = _opened_text(spec, chat.template)
    if not chat.absent:  # stop strings change no checkpoint: they are in the keys of answers
        inputs["chat"] = {"template": template, "system": chat.system, "arguments": dict(chat.arguments)}

    def build(folder: Path) -> None:
        with base_model.opened(spec) as place:
            checkpoint.write(place, folder)
        chat_template.write(folder, chat, template)

    return Request(Key("base", "", inputs), build)


def _opened_text(spec: Spec, path: Path | None) -> str | None:
    """The text of a file that the spec names; None where it names none.

    Raises:
        SpecError: it is not the one that the run opened with, or no text.
    """
    if path is None:
        return None
    data = path.read_bytes()
    if (found := hashlib.sha256(data).hexdigest()) != spec.opened.get(str(path), found):
        raise SpecError(spec.path, "base.chat.template", f"{path} changed while the run was under way; run again")
    try:
        return data.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise SpecError(spec.path, "base.chat.template", f"{path} is not UTF-8: {error}") from error
