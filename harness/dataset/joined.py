"""Which numbers hang together, however they were joined (Galler and Fischer, "An improved equivalence algorithm",
Communications of the ACM 7, 1964)."""

from __future__ import annotations

from collections import defaultdict


class Joined:
    """The numbers from 0 up to a count, each by itself until it is joined to another."""

    def __init__(self, count: int) -> None:
        self._parent = list(range(count))

    def first(self, number: int) -> int:
        """The smallest number that hangs together with this one."""
        parent = self._parent
        while parent[number] != number:
            parent[number] = parent[parent[number]]
            number = parent[number]
        return number

    def join(self, one: int, other: int) -> None:
        kept, gone = sorted((self.first(one), self.first(other)))
        self._parent[gone] = kept

    def groups(self) -> list[list[int]]:
        """Every group, ascending."""
        found = defaultdict[int, list[int]](list)
        for number in range(len(self._parent)):
            found[self.first(number)].append(number)
        return list(found.values())
