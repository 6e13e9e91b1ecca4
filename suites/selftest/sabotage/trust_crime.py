"""One crime against what a release rests on, and the words of its refusal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Crime:
    name: str
    by: str
    """Id of the gate that refuses it, or the command."""
    said: str
    """Words of the refusal."""


@dataclass(frozen=True, slots=True)
class Planted(Crime):
    """A crime that spoils one place, which is handed to it."""

    spoil: Callable[[Any], object]
