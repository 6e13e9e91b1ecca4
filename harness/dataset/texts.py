"""Texts of a data file, put aside on disk while the file is read once, and fetched again by number.

What is kept in memory is eight bytes a record and its line number; archives need no second unpacking.
"""

from __future__ import annotations

import tempfile
from array import array
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import orjson

from harness.dataset.item import Item, Message
from harness.dataset.line import texts

Text = tuple[str, str, str]
"""Field, side (``prompt`` or ``answer``) and text."""


class Spool:
    """The texts of every item of one file, in a temporary file that goes with this object."""

    def __init__(self, path: Path) -> None:
        self.path = path
        """The data file; it is only named."""
        self.lines = array("I")
        self._offsets = array("Q", [0])
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as this object

    def fill(self, items: Iterable[Item]) -> Iterator[tuple[int, list[Text]]]:
        """Put items aside as they pass; yields their numbers from 0 and texts."""
        for number, item in enumerate(items):
            found = texts_of(item)
            self._file.write(orjson.dumps(found, option=orjson.OPT_PASSTHROUGH_SUBCLASS))
            self._offsets.append(self._file.tell())
            self.lines.append(item.line)
            yield number, found

    def __len__(self) -> int:
        return len(self.lines)

    def __getitem__(self, number: int) -> list[Text]:
        self._file.seek(self._offsets[number])
        stored = self._file.read(self._offsets[number + 1] - self._offsets[number])
        return [(field, side, text) for field, side, text in orjson.loads(stored)]

    def side(self, number: int, side: str) -> str:
        """All text of one side of an item: ``prompt``, ``answer``, or ``both``."""
        return side_text(self[number], side)


def texts_of(item: Item) -> list[Text]:
    """What an item itself says. The answer of a declared refusal is left out: one form is meant for them all. So is
    the topic: it is a label with a check of its own, and a copy under another label is a copy."""
    said = ((field, text) for field, text in own_texts(item) if text.strip() and field != "topic")
    found: list[Text] = [(field, "prompt", _encodable(text)) for field, text in said]
    if not item.must_refuse:
        found.append(("reference", "answer", _encodable(item.reference)))
    return found


def own_texts(item: Item) -> Iterator[tuple[str, str]]:
    """Field and text of what an item itself asks: not the words that a template adds, not the system turn."""
    if item.asked:
        named = [(name, item.written.get(name, item.fields.get(name))) for name in item.asked]
    else:
        turns = [(number, turn) for number, turn in enumerate(item.messages) if turn["role"] != "system"]
        named = [(f"messages[{number}].{key}", value) for number, turn in turns for key, value in _said(turn)]
    for name, value in named:
        yield from ((place, text) for place, text in texts(value, name) if not place.endswith("(key)"))


def _said(turn: Message) -> Iterator[tuple[str, Any]]:
    """What a turn says: its content, and what it calls with which arguments."""
    yield "content", turn.get("content")
    for call in turn.get("tool_calls", ()):
        inner = call.get("function", call)
        yield "tool_calls", [inner.get("name"), inner.get("arguments")]


def side_text(found: list[Text], side: str) -> str:
    return "\n".join(text for _, of, text in found if side in (of, "both"))


def _encodable(text: str) -> str:
    """Lone surrogates are the encoding check's to accuse; here they must only not stop the search for copies."""
    return text.encode("utf-8", "replace").decode("utf-8") if not text.isascii() else text
