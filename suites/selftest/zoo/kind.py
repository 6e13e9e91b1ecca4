"""One kind of adapter in the zoo: how it is made, and what is to become of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Make = Callable[[Any, Path], None]
"""``make(base, folder)``: write the adapter, with random weights, for a base that it may spoil."""


@dataclass(frozen=True, slots=True)
class Kind:
    name: str
    make: Make
    refused: str = ""
    """Words of the message that refuses it; empty where it is judged, and equal to what plain peft says."""
    base: str = "plain"
    """The base of the zoo that it is for: ``plain``, or ``tied``, whose head is its embeddings."""
    nf4: str = ""
    """Words of the message that refuses it on a 4-bit base alone."""

    def __str__(self) -> str:
        return self.name
