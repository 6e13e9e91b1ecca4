"""Where in a spec's file a key stands, so that mistakes are told in the order in which a reader meets them.

TOML parsers keep no places. The line of a key is that at which the file, cut off there, first says it.
"""

from __future__ import annotations

import bisect
import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

from harness.spec.mistakes import Place

_MOST_LINES = 1000
"""Of a longer file the order of its tables is taken, which is another only where one of them is in several parts."""


class Order:
    """Sorts places of one file."""

    def __init__(self, text: str, table: Mapping[str, Any]) -> None:
        lines = text.split("\n")
        self._lines = lines if len(lines) <= _MOST_LINES else []
        self._table = table
        self._parsed: dict[int, Mapping[str, Any]] = {len(self._lines): table}

    def key(self, place: Place) -> tuple[int, tuple[int, ...]]:
        """Line of a place, and its position in the tables around it; of what is absent, the table that it would be
        in."""
        there = _found(self._table, place)
        line = bisect.bisect_left(
            range(len(self._lines)), True, key=lambda n: len(_found(self._until(n), place[: len(there)])) == len(there)
        )
        return line, (*there, *[_LAST] * (len(place) > len(there)))

    def _until(self, n: int) -> Mapping[str, Any]:
        """The table of the first `n` lines, or of as many more as make it whole."""
        end = n
        while end not in self._parsed:
            try:
                self._parsed[end] = tomllib.loads("\n".join(self._lines[:end]))
            except tomllib.TOMLDecodeError:
                end += 1
        self._parsed[n] = self._parsed[end]
        return self._parsed[n]


_LAST = 2**31
"""Position of a key that is missing: behind those that are there."""


def _found(table: Any, place: Sequence[str | int]) -> tuple[int, ...]:
    """Positions of the parts of a place, as far as the table has them."""
    found: list[int] = []
    for part in place:
        if isinstance(table, Mapping) and part in table:
            found.append(list(table).index(str(part)))
            table = table[part]
        elif isinstance(table, list) and str(part).isdigit() and int(part) < len(table):
            found.append(int(part))
            table = table[int(part)]
        else:
            break
    return tuple(found)
