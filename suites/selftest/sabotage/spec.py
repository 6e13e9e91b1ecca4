"""Edits of the release spec and of the command line."""

from __future__ import annotations

from suites.selftest.child import Line
from suites.selftest.sabotage.case import Spoil


def edited(old: str, new: str) -> Spoil:
    """Replace text in the spec."""

    def spoil(line: Line) -> tuple[str, ...]:
        line.edit(old, new)
        return ()

    return spoil


def called_with(*arguments: str) -> Spoil:
    """Leave the line as it is and add arguments to the command."""
    return lambda line: arguments


def both(first: Spoil, second: Spoil) -> Spoil:
    """One defect that shows in two places."""
    return lambda line: (*first(line), *second(line))
