"""The texts of a data file in a temporary file: written while the data is read once, and fetched again by item number.

In memory stay eight bytes and a line number a record, and a compressed file is unpacked only once.
"""

from __future__ import annotations

import tempfile
from array import array
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import orjson
import xxhash

from harness.dataset.item import Item, Message
from harness.dataset.line import texts

Text = tuple[str, str, str]
"""Field, side (``prompt``, ``answer`` or ``system``) and text."""


class Spool:
    """The texts of every item of one file, in a temporary file that is deleted with this object."""

    def __init__(self, path: Path) -> None:
        self.path = path
        """The data file; it is only named."""
        self.lines = array("I")
        self.answers = array("Q")
        """A hash of each item's answer, without case and the white space around it; 0 where it has none."""
        self._offsets = array("Q", [0])
        self._systems: set[int] = set()
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as this object

    def fill(self, items: Iterable[Item]) -> Iterator[tuple[int, list[Text]]]:
        """Store the items' texts as they are iterated; yields (number of the item from 0, its texts)."""
        for number, item in enumerate(items):
            found = [*texts_of(item), *self._system(item)]
            self.answers.append(next((answer_key(text) for _, side, text in found if side == "answer"), 0))
            self._file.write(orjson.dumps(found, option=orjson.OPT_PASSTHROUGH_SUBCLASS))
            self._offsets.append(self._file.tell())
            self.lines.append(item.line)
            yield number, found

    def _system(self, item: Item) -> Iterator[Text]:
        """The item's system turns that no earlier item had: most files have one for all items."""
        for number, turn in enumerate(item.messages):
            said = turn.get("content")
            if turn["role"] == "system" and isinstance(said, str) and (key := answer_key(said)) not in self._systems:
                self._systems.add(key)
                yield f"messages[{number}].content", "system", _encodable(said)

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
    """The texts of an item that are compared. Left out are the answer of a declared refusal, since one form serves them
    all, and the topic: it is a label with a check of its own, and a copy under another label is a copy."""
    said = ((field, text) for field, text in own_texts(item) if text.strip() and field != "topic")
    found: list[Text] = [(field, "prompt", _encodable(text)) for field, text in said]
    if not item.must_refuse:
        found.append(("reference", "answer", _encodable(item.reference)))
    return found


def own_texts(item: Item) -> Iterator[tuple[str, str]]:
    """(field, text) of what an item itself asks, without the words that a template adds and without the system turn."""
    if item.asked:
        named = [(name, item.written.get(name, item.fields.get(name))) for name in item.asked]
    else:
        turns = [(number, turn) for number, turn in enumerate(item.messages) if turn["role"] != "system"]
        named = [(f"messages[{number}].{key}", value) for number, turn in turns for key, value in _said(turn)]
    for name, value in named:
        yield from ((place, text) for place, text in texts(value, name) if not place.endswith("(key)"))


def _said(turn: Message) -> Iterator[tuple[str, Any]]:
    """(field, value) of what a turn says: its content, and names and arguments of its tool calls."""
    yield "content", turn.get("content")
    for call in turn.get("tool_calls", ()):
        inner = call.get("function", call)
        yield "tool_calls", [inner.get("name"), inner.get("arguments")]


def side_text(found: list[Text], side: str) -> str:
    return "\n".join(text for _, of, text in found if side == of or (side == "both" and of != "system"))


def answer_key(text: str) -> int:
    """A 64-bit hash of a text without case and the white space around it."""
    return xxhash.xxh64_intdigest(_encodable(text).strip().casefold().encode())


def _encodable(text: str) -> str:
    """The text with lone surrogates replaced. The encoding check reports them; here they must only not stop the
    comparison."""
    return text.encode("utf-8", "replace").decode("utf-8") if not text.isascii() else text
