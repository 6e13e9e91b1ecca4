"""What speaks in a run, by digest: the base's weights, its tokenizer and chat template, the form and the code."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness import digests
from harness.artifact import Artifact
from harness.engines.forms import FORMS
from harness.run import Run
from harness.spec import Spec

CHAT_TEMPLATE = "chat_template.jinja"
_WEIGHTS = (".safetensors", ".safetensors.index.json")
_TOKENIZER = ("tokenizer.json", "tokenizer_config.json", "tokenizer.model", "special_tokens_map.json", "vocab.json")


def note(run: Run, base: Artifact, code: Mapping[str, str]) -> None:
    """Journal it, once in each process that uses the base.

    Args:
        base: the checkpoint as the store verified it.
        code: what it does -> digest of the modules that do it.
    """
    run.journal.write("model", model={**parts(base), "form": _form(run.spec), "code": dict(code)})


def _form(spec: Spec) -> dict[str, object]:
    """The deployed form and its settings; those of a GGUF file are what the spec asks of it."""
    known = FORMS.get(spec.deploy)
    settings = spec.areas.get(spec.deploy, {}) if known is None else known.settings
    return {"name": spec.deploy, **settings}


def parts(base: Artifact) -> dict[str, str]:
    """Part of a checkpoint -> digest; "" for a part that it has not."""
    files = digests.of_folder(base.path)
    weights = {name: digest for name, digest in files.items() if name.endswith(_WEIGHTS)}
    tokenizer = {name: digest for name, digest in files.items() if name in _TOKENIZER}
    return {
        "base": base.digest,
        "weights": digests.of_value(weights) if weights else "",
        "tokenizer": digests.of_value(tokenizer) if tokenizer else "",
        "chat_template": _chat_template(base.path, files),
    }


def _chat_template(folder: Path, files: Mapping[str, str]) -> str:
    """Of the template's own file, or of its text where the tokenizer's configuration holds it."""
    if CHAT_TEMPLATE in files:
        return files[CHAT_TEMPLATE]
    if "tokenizer_config.json" not in files:
        return ""
    config: Any = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
    return digests.of_value(config["chat_template"]) if config.get("chat_template") else ""
