"""Whether a base's chat template writes tools, asked without a tokenizer: where it does not, no tool can be learned."""

from __future__ import annotations

import json
from pathlib import Path

from harness.dataset.item import Item

NOTE = (
    "the base's chat template speaks of no tools, so that no run of this can be green: take a base whose template "
    "does, or put the tools into the texts"
)


def note(items: tuple[Item, ...], place: Path | None) -> tuple[str, ...]:
    """`NOTE` where the items have tools or call some, and the base's template is known and names none.

    Args:
        place: the base's folder or GGUF file; None where it is not here, and then nothing is known.
    """
    if place is None or not any(item.tools or (item.answer or {}).get("tool_calls") for item in items):
        return ()
    template = _of_folder(place) if place.is_dir() else _of_gguf(place)
    return (NOTE,) if template and "tools" not in template else ()


def _of_folder(folder: Path) -> str:
    """All templates of a checkpoint as one text; "" where it has none."""
    found = [path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.jinja"))]
    config = folder / "tokenizer_config.json"
    if config.is_file():
        try:
            found.append(json.dumps(json.loads(config.read_text(encoding="utf-8")).get("chat_template") or ""))
        except (ValueError, AttributeError):
            return ""  # what is wrong with it is told when the base is loaded
    return "".join(found).strip('"')


def _of_gguf(file: Path) -> str:
    import gguf  # reads every key of the file: seconds, for the few data sets that have tools

    field = gguf.GGUFReader(str(file)).fields.get("tokenizer.chat_template")
    return "" if field is None else str(field.contents())
