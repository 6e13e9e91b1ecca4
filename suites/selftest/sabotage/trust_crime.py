"""One crime against what a release rests on, and the words of its refusal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Crime:
    name: str
    by: str
    """What refuses it: a gate's id, or the command."""
    said: str
    """Words of the refusal."""


@dataclass(frozen=True, slots=True)
class Planted(Crime):
    """Spoils one place that is handed to it."""

    spoil: Callable[[Any], object]
