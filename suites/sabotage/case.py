"""One sabotage: what is spoiled, and which gate must say so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from suites.tiny.child import Line

Spoil = Callable[[Line], tuple[str, ...]]
"""Spoils one thing of a line that is its own to spoil; returns further arguments of the command line.

It finds what it spoils by its role in the spec (`suites.sabotage.subject`), and raises `NoTargetError` where
the spec has no such thing."""


@dataclass(frozen=True, slots=True)
class Sabotage:
    """One thing spoiled in a line that is otherwise green, and the refusal that it must meet on the tiny line."""

    name: str
    spoil: Spoil
    caught_by: str
    """Id of the blocking gate that goes red first; "" where no gate is needed to refuse the run."""
    cause: str
    """Text that the gate's message holds, or, where there is no gate, the reason or the usage error."""
    status: int = 1
    verdict: Literal["refused", "incomplete", "released"] | None = "refused"
    """None where the run does not even begin; "released" where only an advisory gate sees it."""
    tied: str = ""
    """Why it can be done to the tiny line alone; "" where it can be done to any."""

    @property
    def area(self) -> str:
        return self.caught_by.partition(".")[0]
