"""``[policy]``: what counts as proved, and what a benchmark may be used for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Gt, Lt

from harness.spec.table import Table
from harness.spec.values import Count, File

ANYTIME: Literal["anytime"] = "anytime"
Rule = Literal["lower_bound", "point"]


@dataclass(frozen=True, kw_only=True)
class Policy(Table):
    rule: Rule = "lower_bound"
    """What must exceed a threshold: the lower confidence bound of a value, or the bare value."""
    confidence: Annotated[float, Gt(0.5), Lt(1)] = 0.95
    """One-sided, of every bound."""
    ledger: File | None = None
    """File, shared by all runners, that counts attempts on the benchmark (`harness.releases.ledger`); without one they
    are not counted."""
    attempts: Literal["report", "spend"] = "report"
    """``report``: show what the stated error has become. ``spend``: divide it between the attempts."""
    looks: Literal["once", "anytime"] = "once"
    """``once``: the whole benchmark is asked. ``anytime``: until the gates are settled, by bounds that hold at any look
    (`harness.gates.looks`)."""
    fresh_after: Count = 10
    """Adapters that a benchmark may judge before fresh items are asked for. At ten of 5 % each the ceiling is 50 %: a
    pass by luck can be no rarer than heads."""
