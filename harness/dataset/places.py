"""Where in a line of JSON something stands: what parsers that keep values, and no places, cannot tell.

Each search reads the line once, whatever it holds, and takes no quotation for structure.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

_STRING = r'"(?:[^"\\]++|\\.)*+"'
_BRACKETS = re.compile(_STRING.encode() + rb"|[\[\]{}]", re.DOTALL)
_KEYS = re.compile(rf"({_STRING})(\s*+:)?|[{{}}]", re.DOTALL)
_BARE = re.compile(rf'{_STRING}|([^\s"\[\]{{}}:,]+)', re.DOTALL)


def depth(raw: bytes, limit: int) -> tuple[int, int]:
    """Levels of the nesting and the column where it passes the limit; (0, 0) where it does not."""
    if raw.count(b"[") + raw.count(b"{") <= limit:
        return 0, 0
    level = deepest = column = 0
    for token in _BRACKETS.finditer(raw):
        opening = token.group()
        if opening in (b"[", b"{"):
            level += 1
            if level > deepest:
                deepest = level
                column = token.start() + 1 if level == limit + 1 else column
        elif opening in (b"]", b"}"):
            level -= 1
    return (deepest, column) if deepest > limit else (0, 0)


def repeated_keys(text: str) -> Iterator[tuple[str, int]]:
    """Key and column wherever an object has a key again, however it is spelled. The text is JSON, or nearly."""
    objects: list[set[str]] = []
    for token in _KEYS.finditer(text):
        spelled, colon = token.groups()
        if spelled is None:
            if token.group() == "{":
                objects.append(set())
            elif objects:
                objects.pop()
        elif colon and objects:
            try:
                key = json.loads(spelled)
            except json.JSONDecodeError:
                return
            if key in objects[-1]:
                yield key, token.start() + 1
            objects[-1].add(key)


class BareWords:
    """Numbers and words outside quotations, in the order of the text: a parser asks for them in that order too."""

    def __init__(self, text: str) -> None:
        self._found = ((word.group(1), word.start() + 1) for word in _BARE.finditer(text) if word.group(1))

    def column(self, word: str) -> int:
        """Column of the next place of `word`; 0 where it does not come any more."""
        return next((column for found, column in self._found if found == word), 0)
