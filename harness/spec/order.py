"""Sort keys by their place in a spec's file, so that mistakes are listed in the order in which a reader meets them.

TOML parsers do not return positions. The line of a key is found by parsing the file cut off at each line, until the key
appears.
"""

from __future__ import annotations

import bisect
import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

from harness.spec.mistakes import Place

_MOST_LINES = 1000
"""Longest file, in lines, that is searched. For a longer one the order of its parsed tables is used, which differs only
where one table is in several parts."""


class Order:
    """Sorts places in one file."""

    def __init__(self, text: str, table: Mapping[str, Any]) -> None:
        lines = text.split("\n")
        self._lines = lines if len(lines) <= _MOST_LINES else []
        self._table = table
        self._parsed: dict[int, Mapping[str, Any]] = {len(self._lines): table}

    def key(self, place: Place) -> tuple[int, tuple[int, ...]]:
        """Sort key of a place: its line, and its positions in the tables around it. A missing key sorts with the table
        that it belongs to."""
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
"""Position of a missing key: behind those that are present."""


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
