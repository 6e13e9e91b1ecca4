"""The description of a sabotage: what it spoils, and which gate must report it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from suites.tiny.child import Line

Spoil = Callable[[Line], tuple[str, ...]]
"""Spoils one thing of a copied line; returns further arguments for the command line.

It finds what it spoils by its role in the spec (`suites.sabotage.subject`), and raises `NoTargetError` where
the spec has no such thing.
"""


@dataclass(frozen=True, slots=True)
class Sabotage:
    """A sabotage of a line that is otherwise green, and the refusal that it must meet on the tiny line."""

    name: str
    spoil: Spoil
    caught_by: str
    """Id of the blocking gate that goes red first; "" where the run is refused without a gate."""
    cause: str
    """Text in the gate's message, or, without a gate, in the verdict's reason or the usage error."""
    status: int = 1
    verdict: Literal["refused", "incomplete", "released"] | None = "refused"
    """Expected verdict. None where the run does not even begin; "released" where only an advisory gate sees it."""
    tied: str = ""
    """Why it works on the tiny line only; "" where it works on any."""

    @property
    def area(self) -> str:
        return self.caught_by.partition(".")[0]
